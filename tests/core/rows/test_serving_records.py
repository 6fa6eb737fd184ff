from pathlib import Path

import pytest

from skyassets.core.rows.serving_records import ServingRecords


def test_a_note_is_read_as_it_was_written(tmp_path: Path) -> None:
    notes = ServingRecords(tmp_path)
    notes.write("run", "org/model@1", {"dtype": "bfloat16", "gpu": "none"})
    notes.write("run", "org/other@1", {"dtype": "float16"})
    assert notes.read("run", "org/model@1") == {"dtype": "bfloat16", "gpu": "none"}
    assert notes.read("run", "org/other@1") == {"dtype": "float16"}


def test_an_unknown_run_has_no_note(tmp_path: Path) -> None:
    assert ServingRecords(tmp_path).read("run", "org/model@1") == {}


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"facts": []}', '{"facts": 3}'])
def test_an_unreadable_note_is_ignored(tmp_path: Path, text: str) -> None:
    notes = ServingRecords(tmp_path)
    notes.write("run", "m", {"dtype": "x"})
    (path,) = (tmp_path / "served_with").iterdir()
    path.write_text(text)
    assert notes.read("run", "m") == {}


def test_a_models_name_cannot_lead_outside_the_folder(tmp_path: Path) -> None:
    notes = ServingRecords(tmp_path / "rows")
    notes.write("../run", "../../etc/model@1", {"a": "b"})
    assert {path.parent.name for path in tmp_path.rglob("*.json")} == {"served_with"}
