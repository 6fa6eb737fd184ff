"""What was read in a source file is read once: a note counts for the very bytes it was made from, and for no others."""

import importlib.util
import json
import sys
from pathlib import Path

import pytest

from skyassets.core.code_notes import Reading, noted
from skyassets.core.code_version import meaning, read


class Reader:
    """Reads, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, source: str) -> Reading:
        self.times += 1
        return read(source)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "bytecode"))
    path = tmp_path / "stage.py"
    path.write_text("from skyassets.stages import report\n\nLIMIT = 3\n")
    return path


def note_of(path: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(path))).with_suffix(".meaning")


def test_the_same_bytes_are_read_once(source: Path) -> None:
    reader = Reader()
    assert noted(source, reader) == noted(source, reader) == read(source.read_text())
    assert reader.times == 1


def test_other_bytes_are_read_again_even_with_the_old_time_and_size(source: Path) -> None:
    import os

    reader = Reader()
    before, times = noted(source, reader), source.stat()
    source.write_text(source.read_text().replace("3", "4"))
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert noted(source, reader).meaning != before.meaning
    assert reader.times == 2


@pytest.mark.parametrize("harm", ["", "{}", "[]", "null", '{"key": "of something else"}', "\x00" * 40])
def test_a_damaged_note_is_no_note(source: Path, harm: str) -> None:
    reader = Reader()
    whole = noted(source, reader)
    note_of(source).write_text(harm)
    assert noted(source, reader) == whole
    assert json.loads(note_of(source).read_text())["meaning"] == whole.meaning
    assert reader.times == 2


def test_nothing_is_written_where_no_bytecode_is(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    noted(source, Reader())
    assert not note_of(source).exists()


def test_a_folder_that_cannot_be_written_is_no_fault(source: Path, tmp_path: Path) -> None:
    (tmp_path / "bytecode").write_text("a file where a folder would be")
    assert noted(source, Reader()) == read(source.read_text())


def test_imports_and_docstrings_are_found_in_every_block() -> None:
    code = (
        "if A:\n    from skyassets.stages.cases import case\n"
        "try:\n    pass\nexcept E:\n    import skyassets.stages.words\n"
        "match x:\n    case 1:\n        def f():\n            '''Says.'''\n            import skyassets.stages.units\n"
    )
    assert read(code).imports == ("skyassets.stages.cases", "skyassets.stages.units", "skyassets.stages.words")
    assert "Says" not in meaning(code)
