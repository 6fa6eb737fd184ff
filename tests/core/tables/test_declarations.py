"""Tables: every declared column is used, and rows that do not fit their table are refused."""

from dataclasses import replace

import polars as pl
import pytest

from skyassets.core.errors import TableError
from skyassets.core.tables.columns import COLUMNS, Column
from skyassets.core.tables.declarations import ASSET_TABLES, TABLES, Table

TABLE = Table("t", "A table.", "completion_id", ("completion_id", "text", "seconds"))
ROW = {"completion_id": "b", "text": "x", "seconds": 1.0}


def test_no_column_is_an_orphan() -> None:
    used = {name for table in TABLES for name in table.columns}
    assert used == set(COLUMNS)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_has_its_key_and_no_column_twice(table: Table) -> None:
    assert table.key in table.columns
    assert len(set(table.columns)) == len(table.columns)
    assert not COLUMNS[table.key].measured


def test_asset_tables_have_plural_or_proper_names_of_their_own() -> None:
    assert len({table.name for table in ASSET_TABLES}) == len(ASSET_TABLES)


@pytest.mark.parametrize("column", COLUMNS.values(), ids=COLUMNS)
def test_a_column_says_what_it_means(column: Column) -> None:
    assert column.meaning.endswith(".")


def test_rows_are_sorted_by_key() -> None:
    assert TABLE.frame([ROW, {**ROW, "completion_id": "a"}])["completion_id"].to_list() == ["a", "b"]


def test_a_repeated_key_is_refused() -> None:
    with pytest.raises(TableError, match="twice"):
        TABLE.frame([ROW, ROW])


def test_a_null_key_is_refused() -> None:
    with pytest.raises(TableError, match="have no completion_id"):
        TABLE.frame([{**ROW, "completion_id": None}])


def test_a_missing_and_an_unknown_column_are_named() -> None:
    with pytest.raises(TableError, match=r"missing columns \['seconds'\], unknown columns \['more'\]"):
        TABLE.conform(pl.DataFrame({"completion_id": ["a"], "text": ["x"], "more": [1]}))


def test_a_wrong_type_is_refused() -> None:
    with pytest.raises(TableError, match="declared type"):
        TABLE.conform(pl.DataFrame({"completion_id": ["a"], "text": ["x"], "seconds": ["soon"]}))


def test_measured_columns_are_no_content() -> None:
    assert TABLE.content == ["completion_id", "text"]
    assert replace(TABLE, columns=("completion_id", "text")).content == TABLE.content
