"""The row store: a reply is kept once and permanently, through crashes and with other writers."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest
from core.rows import put, row

from skyassets.core.errors import StoreError
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS


@pytest.fixture
def store(tmp_path: Path) -> RowStore:
    return RowStore(tmp_path, COMPLETIONS)


def test_an_empty_store_has_no_row(store: RowStore) -> None:
    assert store.get(["a"]).is_empty()
    assert store.compact() == 0


def test_a_row_is_found_before_and_after_compaction(store: RowStore) -> None:
    put(store, row("a"))
    assert store.get(["a", "b"])["completion_id"].to_list() == ["a"]
    assert store.compact() == 1
    assert store.get(["a", "b"])["completion_id"].to_list() == ["a"]


def test_the_first_reply_is_kept(store: RowStore) -> None:
    put(store, row("a", "first"))
    put(store, row("a", "second"))
    store.compact()
    put(store, row("a", "third"))
    put(store, row("b"))
    assert store.get(["a"])["text"].to_list() == ["first"]
    assert store.compact() == 1
    assert store.get(["a"])["text"].to_list() == ["first"]


def test_a_part_from_before_a_column_existed_is_still_read(store: RowStore) -> None:
    put(store, row("a"))
    store.compact()
    part = next(store.folder.glob("part-*.parquet"))
    pl.read_parquet(part).drop("served_by").write_parquet(part)
    assert store.get(["a"]).select("text", "served_by").rows() == [("text", None)]


def test_a_crash_between_the_two_steps_of_compaction_loses_and_duplicates_no_row(store: RowStore) -> None:
    put(store, row("a"))
    store.compact()
    part = next(store.folder.glob("part-*.parquet"))
    saved = part.read_bytes()
    put(store, row("a"))  # the journal still has what the part already holds
    part.write_bytes(saved)
    assert store.get(["a"]).height == 1
    store.compact()
    assert store.get(["a"]).height == 1


def test_many_threads_may_write_at_once(store: RowStore) -> None:
    keys = [f"{number:03d}" for number in range(60)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda key: put(store, row(key)), keys * 2))
    assert store.get(keys)["completion_id"].to_list() == keys


def test_a_killed_writer_loses_no_row_it_had_put(tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS
from core.rows import put, row
store = RowStore(Path({str(tmp_path)!r}), COMPLETIONS)
for number in range(20):
    put(store, row(str(number)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert RowStore(tmp_path, COMPLETIONS).get([str(number) for number in range(20)]).height == 20


def test_a_damaged_part_is_named(store: RowStore) -> None:
    put(store, row("a"))
    store.compact()
    part = next(store.folder.glob("part-*.parquet"))
    part.write_bytes(part.read_bytes()[:40])
    with pytest.raises(StoreError, match=part.name):
        store.get(["a"])


def test_a_store_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "completions").write_text("in the way")
    with pytest.raises(StoreError, match="every reply reported so far is stored"):
        put(RowStore(tmp_path, COMPLETIONS), row("a"))


def test_the_parts_are_plain_parquet(store: RowStore) -> None:
    put(store, row("a"))
    store.compact()
    assert pl.read_parquet(store.folder / "part-*.parquet")["text"].to_list() == ["text"]
