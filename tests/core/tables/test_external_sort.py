"""Rows in the order of their key, whether memory holds them all or the disk has to help."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skyassets.core.errors import TableError
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.external_sort import sorted_rows

TABLE = Table("things", "Things.", "completion_id", ("completion_id", "text"))


def frames(keys: list[str], size: int) -> list[pl.DataFrame]:
    rows = pl.DataFrame({"completion_id": keys, "text": [f"text of {key}" for key in keys]}, schema=TABLE.schema)
    return list(rows.iter_slices(size))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.sets(st.text(st.characters(codec="utf-8"), max_size=3), max_size=40),
    st.integers(1, 9),
    st.sampled_from([1, 100, 10**9]),
    st.randoms(use_true_random=False),
)
def test_the_order_is_the_same_with_and_without_the_disk(
    tmp_path: Path, keys: set[str], size: int, memory: int, dice: Any
) -> None:
    shuffled = sorted(keys)
    dice.shuffle(shuffled)
    ordered = pl.concat(list(sorted_rows(TABLE, frames(shuffled, size), tmp_path, memory)))
    assert ordered.equals(TABLE.frame([{"completion_id": key, "text": f"text of {key}"} for key in keys]))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("memory", [1, 10**9])
def test_a_repeated_id_is_named_in_every_way_of_sorting(tmp_path: Path, memory: int) -> None:
    with pytest.raises(TableError, match="1 ids occur twice, the first is b"):
        list(sorted_rows(TABLE, frames(["b", "a", "c", "b"], 1), tmp_path, memory))


@pytest.mark.parametrize("memory", [1, 10**9])
def test_a_frame_with_other_columns_is_refused(tmp_path: Path, memory: int) -> None:
    with pytest.raises(TableError, match="unknown"):
        list(sorted_rows(TABLE, [frames(["a"], 1)[0].rename({"text": "other"})], tmp_path, memory))
