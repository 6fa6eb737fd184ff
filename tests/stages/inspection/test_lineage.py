"""Lineage over tables in memory: links that do not occur in a tiny run."""

import polars as pl

from skyassets.core.tables.declarations import COMPLETIONS, TRACES, Table
from skyassets.stages.inspection.lineage import Direction, walk
from skyassets.stages.inspection.row_lookup import VIEWS, Query, describe

TRACE = {"problem_id": "p", "sample": 0, "model": "m@1", "text": "42"}
FRAMES = {
    TRACES.name: TRACES.frame([
        {"trace_id": "patient", "completion_id": "last", "cut_completions": ["first", "second"]} | TRACE,
        {"trace_id": "plain", "completion_id": "once"} | TRACE,
        {"trace_id": "dropped", "completion_id": "cut", "cut_completions": ["cut"]} | TRACE,
        {"trace_id": "imported"} | TRACE,
    ]),
    COMPLETIONS.name: COMPLETIONS.frame([
        {"completion_id": name, "text": "42"} for name in ("first", "second", "last", "once", "cut")
    ]),
}  # fmt: skip


class RowLookup:
    """Implements the port over `FRAMES`."""

    def rows(self, table: Table, query: Query) -> pl.DataFrame:
        return query(FRAMES.get(table.name, table.frame([])).lazy()).collect()


def related(table: Table, ident: str, direction: Direction) -> set[str]:
    (start,) = describe(RowLookup(), VIEWS[table.name], [ident])
    return {branch.row.id for branch in walk(RowLookup(), start, direction, None).branches}


def test_a_trace_was_made_from_its_cut_completions_too() -> None:
    assert related(TRACES, "patient", Direction.UP) == {"first", "second", "last"}
    assert related(TRACES, "plain", Direction.UP) == {"once"}
    assert related(TRACES, "dropped", Direction.UP) == {"cut"}
    assert related(TRACES, "imported", Direction.UP) == set()


def test_a_cut_completion_leads_to_the_trace_that_came_of_it() -> None:
    for ident, trace in (("first", "patient"), ("last", "patient"), ("once", "plain"), ("cut", "dropped")):
        assert related(COMPLETIONS, ident, Direction.DOWN) == {trace}
