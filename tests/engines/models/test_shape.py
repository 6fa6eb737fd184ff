"""The shape of a base model, without loading it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from skyassets.core.errors import ServerError
from skyassets.core.ports import Model
from skyassets.core.training.model_shape import KNOWN_SHAPES
from skyassets.engines.models.shape import base_shape


def test_a_folder_is_known_by_its_config(tmp_path: Path) -> None:
    config = {"model_type": "qwen2", "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    config |= {"intermediate_size": 128, "vocab_size": 100, "tie_word_embeddings": True}
    (tmp_path / "config.json").write_text(json.dumps(config))
    shape = base_shape(Model(str(tmp_path), "as it is"), tmp_path)
    assert (shape.hidden, shape.layers, shape.head_size) == (64, 2, 16)


def test_a_known_model_needs_no_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert base_shape(Model("Qwen/Qwen2.5-7B", "main"), tmp_path) == KNOWN_SHAPES["Qwen/Qwen2.5-7B"]


def test_an_unknown_model_without_a_hub_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\nfrom skyassets.core.ports import Model\n"
        "from skyassets.engines.models.shape import base_shape\nbase_shape(Model('nobody/nothing', 'main'), Path('.'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ServerError.__name__ in done.stderr
    assert "nobody/nothing@main is neither a folder nor available from the Hugging Face hub" in done.stderr


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, skyassets.engines.models.shape\nassert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
