"""The table store: nothing is made twice, damage is noticed, and a reader never sees half a table."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from core.digests import content_digest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.errors import StoreError, TableError
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.manifest import Inputs
from skyassets.core.tables.store import StageResult, TableStore, column_differences

TABLE = Table("things", "Things.", "completion_id", ("completion_id", "text", "seconds"))
ORIGIN = Inputs(code="c", parents={"parent": "p"}, recipe={"temperature": 0.7})


def rows(*texts: str, seconds: float = 1.0) -> pl.DataFrame:
    return TABLE.frame([{"completion_id": str(n), "text": text, "seconds": seconds} for n, text in enumerate(texts)])


class Making:
    """Makes rows and counts its calls."""

    def __init__(self, frame: pl.DataFrame, unfinished: int = 0) -> None:
        self.frame, self.unfinished, self.times = frame, unfinished, 0

    def __call__(self) -> StageResult:
        self.times += 1
        return StageResult(self.frame, {"fact": 1}, self.unfinished)


@pytest.fixture
def store(tmp_path: Path) -> TableStore:
    return TableStore(tmp_path)


def test_the_same_origin_makes_once(store: TableStore) -> None:
    making = Making(rows("a"))
    first, second = store.build(TABLE, ORIGIN, making), store.build(TABLE, ORIGIN, making)
    assert (making.times, first.rebuilt, second.rebuilt) == (1, True, False)
    assert second.manifest == first.manifest


def test_the_manifest_file_calls_the_metadata_facts(store: TableStore) -> None:
    manifest = store.build(TABLE, ORIGIN, Making(rows("a"))).manifest
    written = json.loads((store.folder / "things.manifest.json").read_text())
    assert written["facts"] == manifest.metadata == {"fact": 1}
    assert store.manifest(TABLE) == manifest


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        (Inputs("other", ORIGIN.parents, ORIGIN.recipe), "changed: code"),
        (Inputs("c", {"parent": "other"}, ORIGIN.recipe), "changed: parent parent"),
        (Inputs("c", ORIGIN.parents, {"temperature": 0.8}), "changed: recipe"),
        (Inputs("c", {}, ORIGIN.recipe), "changed: parent parent"),
    ],
)
def test_each_part_of_the_origin_is_seen_and_named(store: TableStore, origin: Inputs, why: str) -> None:
    store.build(TABLE, ORIGIN, Making(rows("a")))
    assert store.build(TABLE, origin, Making(rows("a"))).why == why


HARM: list[Callable[[Path], Any]] = [
    lambda path: path.unlink(),
    lambda path: path.write_bytes(path.read_bytes()[:-20]),
    lambda path: path.write_bytes(b""),
    lambda path: pl.read_parquet(path).with_columns(text=pl.lit("by hand")).write_parquet(path),
]


@pytest.mark.parametrize("harm", HARM, ids=["deleted", "truncated", "emptied", "edited by hand"])
def test_a_damaged_file_is_made_again(store: TableStore, harm: Callable[[Path], Any]) -> None:
    making = Making(rows("a"))
    version = store.build(TABLE, ORIGIN, making).manifest.data_version
    harm(store.path(TABLE))
    again = store.build(TABLE, ORIGIN, making)
    assert (making.times, again.rebuilt, again.manifest.data_version) == (2, True, version)
    assert store.read(TABLE)["text"].to_list() == ["a"]


def test_a_damaged_file_is_not_read(store: TableStore) -> None:
    store.build(TABLE, ORIGIN, Making(rows("a")))
    rows("b").write_parquet(store.path(TABLE))
    with pytest.raises(StoreError, match="not the file its manifest describes"):
        store.read(TABLE)


def test_a_table_without_a_manifest_does_not_exist(store: TableStore) -> None:
    rows("a").write_parquet(store.path(TABLE))
    with pytest.raises(StoreError, match="make it first"):
        store.read(TABLE)


def test_a_failed_build_leaves_the_previous_table(store: TableStore) -> None:
    store.build(TABLE, ORIGIN, Making(rows("a")))
    doubled = pl.concat([rows("b"), rows("b")])
    with pytest.raises(TableError):
        store.build(TABLE, Inputs("new", {}, None), Making(doubled))
    assert store.read(TABLE)["text"].to_list() == ["a"]
    assert not list(store.folder.glob(".*.part"))


def test_unfinished_rows_are_tried_again(store: TableStore) -> None:
    making = Making(rows("a"), unfinished=1)
    store.build(TABLE, ORIGIN, making)
    assert store.build(TABLE, ORIGIN, making).why == "1 rows could not be made last time"


def test_damage_outside_the_table_is_checked_and_rebuilt(store: TableStore) -> None:
    making = Making(rows("a"))
    store.build(TABLE, ORIGIN, making)
    assert store.build(TABLE, ORIGIN, making, damage=lambda manifest: "weights gone").why == "weights gone"


def test_a_folder_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="choose another data folder"):
        TableStore(tmp_path / "file" / "data").build(TABLE, ORIGIN, Making(rows("a")))


def test_seconds_are_not_part_of_the_data_version() -> None:
    assert content_digest(TABLE, rows("a", seconds=1.0)) == content_digest(TABLE, rows("a", seconds=2.0))


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=6), st.randoms(use_true_random=False))
def test_the_data_version_depends_on_content_alone(texts: list[str], dice: Any) -> None:
    frame = rows(*texts)
    order = list(range(frame.height))
    dice.shuffle(order)
    assert content_digest(TABLE, frame[order]) == content_digest(TABLE, frame.rechunk())


@given(
    st.lists(st.text(st.characters(codec="utf-8")), max_size=4),
    st.lists(st.text(st.characters(codec="utf-8")), max_size=4),
)
def test_different_rows_have_different_versions(first: list[str], second: list[str]) -> None:
    assert (content_digest(TABLE, rows(*first)) == content_digest(TABLE, rows(*second))) == (first == second)


@pytest.mark.parametrize(
    ("columns", "differences"),
    [
        (("completion_id", "text"), "columns missing: seconds"),
        (("completion_id", "text", "seconds", "error"), "columns unknown: error"),
        (("completion_id", "seconds", "model"), "columns missing: text; columns unknown: model"),
    ],
)
def test_a_table_in_an_earlier_format_is_reported_and_made_again(
    store: TableStore, columns: tuple[str, ...], differences: str
) -> None:
    old = Table(TABLE.name, TABLE.meaning, TABLE.key, columns)
    store.build(
        old, Inputs("then", ORIGIN.parents, ORIGIN.recipe), lambda: StageResult(old.frame([{"completion_id": "0"}]))
    )
    message = f"things was written by an earlier version: {differences}; materialize it again"
    assert store.unreadable(TABLE) == message
    for read in (store.read, store.scan):
        with pytest.raises(StoreError) as seen:
            read(TABLE)
        assert str(seen.value) == message
    assert store.build(TABLE, ORIGIN, Making(rows("a"))).rebuilt
    assert store.unreadable(TABLE) == ""
    assert store.read(TABLE)["text"].to_list() == ["a"]


def test_a_column_with_a_changed_type_is_reported(store: TableStore) -> None:
    store.build(TABLE, ORIGIN, Making(rows("a")))
    there = dict.fromkeys(TABLE.columns, pl.String())
    assert column_differences(TABLE, there) == "columns of another type: seconds"
    assert column_differences(TABLE, dict(reversed(TABLE.schema.items()))) == ""


def test_a_missing_table_lacks_every_column(store: TableStore) -> None:
    assert "things is not in" in store.unreadable(TABLE)
    store.build(TABLE, ORIGIN, Making(rows("a")))
    store.path(TABLE).unlink()
    assert "things is not in" in store.unreadable(TABLE)
