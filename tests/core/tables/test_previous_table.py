"""The previous version of a table: kept once its content changes, and never a file changed from outside."""

from pathlib import Path

import polars as pl
import pytest
from core.tables.test_store import TABLE, Making, rows

from skyassets.core.tables.manifest import Inputs
from skyassets.core.tables.store import TableStore


@pytest.fixture
def store(tmp_path: Path) -> TableStore:
    store = TableStore(tmp_path)
    built(store, "one", "a")
    return store


def built(store: TableStore, code: str, *texts: str, seconds: float = 1.0) -> None:
    store.build(TABLE, Inputs(code, {}, None), Making(rows(*texts, seconds=seconds)))


def test_the_first_version_has_none_before_it(store: TableStore) -> None:
    assert not store.previous(TABLE).exists()


def test_another_content_keeps_the_one_before(store: TableStore) -> None:
    built(store, "two", "a", "b")
    assert pl.read_parquet(store.previous(TABLE))["text"].to_list() == ["a"]
    assert store.read(TABLE)["text"].to_list() == ["a", "b"]
    built(store, "three", "c")
    assert pl.read_parquet(store.previous(TABLE))["text"].to_list() == ["a", "b"]


def test_the_same_content_made_again_is_no_new_version(store: TableStore) -> None:
    built(store, "two", "a", "b")
    built(store, "three", "a", "b", seconds=9.0)
    assert pl.read_parquet(store.previous(TABLE))["text"].to_list() == ["a"]


def test_a_file_that_was_changed_from_outside_is_not_kept(store: TableStore) -> None:
    rows("smuggled").write_parquet(store.path(TABLE))
    built(store, "two", "b")
    assert not store.previous(TABLE).exists()


def test_a_file_where_the_previous_versions_folder_should_be_stops_no_build(store: TableStore) -> None:
    store.previous(TABLE).parent.write_text("a file where a folder should be")
    built(store, "two", "b")
    assert store.read(TABLE)["text"].to_list() == ["b"]
