"""A source file is read once: an entry counts for the very bytes it was made from, and for no others."""

import importlib.util
import json
import os
import sys
from pathlib import Path

import pytest

from skyassets.core.code.cache import cached
from skyassets.core.code.reading import Reading, read


class Reader:
    """Reads, and counts how often."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, source: str) -> Reading:
        self.times += 1
        return read(source, "stage")


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(sys, "pycache_prefix", str(tmp_path / "bytecode"))
    path = tmp_path / "stage.py"
    path.write_text("from skyassets.stages import report\n\nLIMIT = 3\n")
    return path


def entry_of(path: Path) -> Path:
    return Path(importlib.util.cache_from_source(str(path))).with_suffix(".reading")


def test_the_same_bytes_are_read_once(source: Path) -> None:
    reader = Reader()
    assert cached(source, "stage", reader) == cached(source, "stage", reader) == read(source.read_text(), "stage")
    assert reader.times == 1


def test_another_module_name_is_read_again_because_relative_imports_depend_on_it(source: Path) -> None:
    reader = Reader()
    cached(source, "stage", reader)
    cached(source, "other.stage", reader)
    assert reader.times == 2


def test_other_bytes_are_read_again_even_with_the_old_time_and_size(source: Path) -> None:
    reader = Reader()
    before, times = cached(source, "stage", reader), source.stat()
    source.write_text(source.read_text().replace("3", "4"))
    os.utime(source, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert cached(source, "stage", reader).text != before.text
    assert reader.times == 2


@pytest.mark.parametrize("harm", ["", "{}", "[]", "null", '{"key": "of something else"}', "\x00" * 40])
def test_a_damaged_entry_does_not_count(source: Path, harm: str) -> None:
    reader = Reader()
    whole = cached(source, "stage", reader)
    entry_of(source).write_text(harm)
    assert cached(source, "stage", reader) == whole
    assert json.loads(entry_of(source).read_text())["text"] == whole.text
    assert reader.times == 2


def test_nothing_is_written_where_bytecode_is_switched_off(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    cached(source, "stage", Reader())
    assert not entry_of(source).exists()


def test_a_folder_that_cannot_be_written_is_no_error(source: Path, tmp_path: Path) -> None:
    (tmp_path / "bytecode").write_text("a file where a folder would be")
    assert cached(source, "stage", Reader()) == read(source.read_text(), "stage")
