"""The identity of a folder of weights: each part's digest depends on that part alone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from skyassets.engines.models.identity import model_identity


def write(folder: Path, config: dict[str, object] | None = None, tokenizer: dict[str, object] | None = None) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"dtype": "bfloat16"} if config is None else config))
    (folder / "tokenizer.json").write_text('{"model": {"vocab": {"a": 0}}}')
    settings = {"chat_template": "{{ messages }}", "eos_token": "</s>"} if tokenizer is None else tokenizer
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    return folder


def test_equal_folders_have_equal_digests_anywhere(tmp_path: Path) -> None:
    first, second = write(tmp_path / "one"), write(tmp_path / "two")
    assert model_identity(first) == model_identity(second)
    assert model_identity(first)["weights dtype"] == "bfloat16"
    assert str(tmp_path) not in str(model_identity(first))


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("chat template", lambda folder: write(folder, tokenizer={"chat_template": "{{ other }}"})),
        ("chat template", lambda folder: (folder / "chat_template.jinja").write_text("{{ other }}")),
        ("tokenizer", lambda folder: (folder / "tokenizer.json").write_text("{}")),
        ("tokenizer", lambda folder: (folder / "added_tokens.json").write_text("{}")),
        ("weights dtype", lambda folder: write(folder, config={"torch_dtype": "float16"})),
        (
            "weights dtype",
            lambda folder: write(folder, config={"dtype": "bfloat16", "quantization_config": {"quant_method": "awq"}}),
        ),
    ],
)
def test_a_change_shows_in_its_own_part_alone(tmp_path: Path, part: str, change: Callable[[Path], object]) -> None:
    folder = write(tmp_path / "model")
    before = model_identity(folder)
    change(folder)
    after = model_identity(folder)
    assert {name for name in before if before[name] != after[name]} == {part}


def test_the_same_template_in_either_place_is_one(tmp_path: Path) -> None:
    within, beside = write(tmp_path / "within"), write(tmp_path / "beside", tokenizer={})
    (beside / "chat_template.jinja").write_text("{{ messages }}")
    assert model_identity(within)["chat template"] == model_identity(beside)["chat template"]


def test_several_templates_by_name_have_a_digest_too(tmp_path: Path) -> None:
    named = [{"name": "default", "template": "{{ messages }}"}, {"name": "tools", "template": "{{ tools }}"}]
    folder = write(tmp_path / "model", tokenizer={"chat_template": named})
    assert len(model_identity(folder)["chat template"]) == 32


@pytest.mark.parametrize("text", ["", "not json", "[]", "null"])
def test_a_folder_without_its_parts_has_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "config.json").write_text(text)
    assert model_identity(tmp_path) == {"chat template": "none", "tokenizer": "none", "weights dtype": "none"}
