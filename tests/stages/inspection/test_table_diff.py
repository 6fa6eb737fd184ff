"""Two versions of a table: what was added, removed and changed, and which verdicts flipped."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.curating import QUESTION, curated, problem, rewrite

from skyassets.core.errors import TableError
from skyassets.stages.inspection.table_diff import table_diff

ids = st.dictionaries(st.integers(0, 20), st.sampled_from(["correct", "wrong", "unjudged"]), max_size=12)


def table(rows: dict[int, str]) -> pl.DataFrame:
    return pl.DataFrame(
        {"id": list(rows), "verdict": list(rows.values())}, schema={"id": pl.Int64(), "verdict": pl.String()}
    )


@given(ids, ids)
def test_every_row_of_both_is_accounted_for(one: dict[int, str], other: dict[int, str]) -> None:
    result = table_diff(table(one), table(other), ["id"])
    assert {int(key) for key in result.added} == other.keys() - one.keys()
    assert {int(key) for key in result.removed} == one.keys() - other.keys()
    assert {int(key) for key in result.changed} == {key for key in one.keys() & other.keys() if one[key] != other[key]}
    assert sum(flip.count for flip in result.flips) == len(result.changed)
    assert result.is_same == (one == other)


@given(ids)
def test_a_table_is_the_same_as_itself_in_any_order(rows: dict[int, str]) -> None:
    assert table_diff(table(rows), table(rows)[::-1], ["id"]).is_same


def test_a_row_that_is_no_longer_kept_is_a_flip_even_under_another_id() -> None:
    before = curated([rewrite(0, 0), rewrite(1, 1)], [problem(0), problem(1, QUESTION[::-1])])
    after = curated(
        [rewrite(0, 0), rewrite(1, 1)], [problem(0), problem(1, QUESTION[::-1])], said={0: ("wrong", "wrong")}
    )
    result = table_diff(before, after)
    assert result.key == ("trace_id",)
    assert (result.added, result.removed, result.changed) == ((), (), ("t00",))
    flips = {(flip.column, flip.old, flip.new): (flip.count, flip.rows) for flip in result.flips}
    assert flips["dropped_by", "kept", "trace wrong or unjudged"] == (1, ("t00",))
    assert flips["trace_verdict", "correct", "wrong"] == (1, ("t00",))
    assert {"example_id", "messages", "conversations"} <= result.columns.keys()


def test_the_shift_of_lengths_is_reported() -> None:
    before, after = curated([rewrite(0, 0)]), curated([rewrite(0, 0, solution="one two three")])
    (shift,) = [each for each in table_diff(before, after).shifts if each.what == "example_tokens"]
    assert shift.before is not None
    assert shift.after is not None
    assert shift.after[0] == shift.before[0] + 2


def test_a_measured_column_is_no_difference() -> None:
    before = curated([rewrite(0, 0)])
    assert table_diff(before, before.with_columns(trace_backend=pl.lit("another"))).is_same


def test_a_column_more_is_a_difference() -> None:
    result = table_diff(table({1: "wrong"}), table({1: "wrong"}).with_columns(more=1), ["id"])
    assert not result.is_same
    assert result.only_after == ("more",)


def test_a_column_of_another_type_is_compared_by_what_it_says() -> None:
    one = pl.DataFrame({"id": [1, 2], "n": [1, 2]})
    assert table_diff(one, one.with_columns(pl.col("n").cast(pl.Int32())), ["id"]).is_same
    assert table_diff(one, one.with_columns(pl.col("n").cast(pl.Float64())), ["id"]).columns == {"n": 2}


@pytest.mark.parametrize(
    ("key", "message"),
    [((), "have no known key"), (("verdict",), "is no key of the table before"), (("no",), "has no column")],
)
def test_an_unknown_key_lists_the_known_ones(key: tuple[str, ...], message: str) -> None:
    rows = table({1: "wrong", 2: "wrong"})
    with pytest.raises(TableError, match=message):
        table_diff(rows, rows, key)
