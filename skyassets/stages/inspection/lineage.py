"""Row lineage: what any row was made from, and what was made from it.

A problem has traces; a trace has rewrites and a verdict; a rewrite has a verdict, from which an example is made; the
kept examples make the checkpoint; its answers to the benchmark problems make the scores. Traces, rewrites and answers
are made from completions.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

import polars as pl

from skyassets.core.tables.declarations import (
    ANSWERS,
    BENCHMARK_PROBLEMS,
    CHECKPOINT,
    COMPLETIONS,
    EXAMPLES,
    PROBLEMS,
    REPORTS,
    REWRITES,
    TRACES,
    VERDICTS,
    Table,
)
from skyassets.stages.evaluation.metrics import EVERY
from skyassets.stages.evaluation.scores import VERSUS
from skyassets.stages.inspection.row_lookup import VIEWS, RowLookup, RowSummary, describe


class Direction(Enum):
    """The direction of a walk."""

    UP = "made from"
    DOWN = "used by"


@dataclass(frozen=True)
class Link:
    """Links a row of `child` to the rows of `parent` it was made from: those that share a key with it."""

    child: Table
    parent: Table
    child_keys: pl.Expr
    """A list of strings per row; null where the link does not apply."""
    parent_keys: pl.Expr
    is_secondary: bool = False
    """A secondary link: its rows are shown but not followed."""


@dataclass
class Branch:
    """A row with its neighbours in the direction of the walk."""

    row: RowSummary
    branches: list["Branch"] = field(default_factory=list)
    rest: dict[str, Counter[str]] = field(default_factory=dict)
    """Counts of the rows that are not shown, by table and kind."""
    repeated: Counter[str] = field(default_factory=Counter)
    """Counts of the rows that are shown elsewhere in the tree, by table."""


def _keys(*parts: pl.Expr) -> pl.Expr:
    """The joined strings as a list of one."""
    return pl.concat_list(pl.concat_str(*parts, separator="\n"))


def _each(one: pl.Expr, more: str) -> pl.Expr:
    """A string column and a list column as one list; either may be null."""
    return pl.concat_list(pl.concat_list(one), pl.col(more).fill_null([]))


def _by(child: Table, parent: Table, column: str, where: pl.Expr | None = None) -> Link:
    """A link by a column that both tables have; `where` selects the verdicts it applies to."""
    one = pl.col(column) if where is None else pl.when(where).then(column)
    is_child = child is VERDICTS
    ends = (one, pl.col(column)) if is_child else (pl.col(column), one)
    return Link(child, parent, _keys(ends[0]), _keys(ends[1]))


def _score_keys() -> pl.Expr:
    """An answer counts towards the whole benchmark, its family and its level, if it has one."""
    places = [
        pl.concat_str("epoch_name", "benchmark", pl.lit(by), part, "role", separator="\n")
        for by, part in ((EVERY, pl.lit(EVERY)), ("family", pl.col("family")), ("level", pl.col("level")))
    ]
    return pl.concat_list(places).list.drop_nulls()


def _scored_keys() -> pl.Expr:
    """A score comes from the answers of its role, a difference from those of both. Training-set parts match none."""
    place = pl.concat_str("epoch_name", "benchmark", "by", "part", separator="\n")
    roles = pl.col("role").str.split(VERSUS)
    first, last = roles.list.first(), roles.list.last()
    return pl.concat_list(*(pl.concat_str(place, role, separator="\n") for role in (first, last))).list.unique()


_OF_TRACE, _OF_REWRITE = pl.col("subject") == "trace", pl.col("subject") == "rewrite"
_ALL_KEPT = pl.when(pl.col("dropped_by").is_null()).then(pl.lit("kept"))

LINKS = (
    _by(TRACES, PROBLEMS, "problem_id"),
    # Includes completions cut by the token limit: they were paid for, then requested again with a larger limit.
    Link(TRACES, COMPLETIONS, _each(pl.col("completion_id"), "cut_completions"), _keys(pl.col("completion_id"))),
    _by(REWRITES, TRACES, "trace_id"),
    _by(REWRITES, COMPLETIONS, "completion_id"),
    _by(VERDICTS, TRACES, "trace_id", _OF_TRACE),
    _by(VERDICTS, REWRITES, "rewrite_id", _OF_REWRITE),
    _by(EXAMPLES, VERDICTS, "rewrite_id", _OF_REWRITE),
    Link(EXAMPLES, VERDICTS, _keys(pl.col("trace_id")), _keys(pl.when(_OF_TRACE).then("trace_id")), is_secondary=True),
    Link(CHECKPOINT, EXAMPLES, _keys(pl.lit("kept")), _keys(_ALL_KEPT)),
    _by(ANSWERS, CHECKPOINT, "checkpoint_id"),
    _by(ANSWERS, BENCHMARK_PROBLEMS, "problem_id"),
    _by(ANSWERS, COMPLETIONS, "completion_id"),
    Link(REPORTS, ANSWERS, _scored_keys(), _score_keys()),
    _by(REPORTS, CHECKPOINT, "checkpoint_id"),
)


def walk(lookup: RowLookup, start: RowSummary, direction: Direction, most: int | None) -> Branch:
    """The tree of all rows that `start` was made from, or that were made from it; each row appears once.

    If a row has more than `most` neighbours in one table, the first ones are shown but not followed, and the rest are
    counted.
    """
    root = Branch(start)
    seen = {(start.table, start.id)}
    level = [root]
    while level:
        following: list[Branch] = []
        for link in LINKS:
            near, far = (link.parent, link.child) if direction is Direction.DOWN else (link.child, link.parent)
            here = {branch.row.id: branch for branch in level if branch.row.table == near.name}
            if not here or (link.is_secondary and direction is Direction.DOWN and root.row.id not in here):
                continue
            for from_id, rows in _neighbours(lookup, link, direction, list(here)).items():
                added = _add(here[from_id], far, rows, seen, most)
                following += [] if link.is_secondary and direction is Direction.UP else added
        level = following
    return root


def _add(
    branch: Branch, table: Table, rows: list[RowSummary], seen: set[tuple[str, str]], most: int | None
) -> list[Branch]:
    """Add `rows` under `branch`. Returns the new branches to follow."""
    new = [row for row in rows if (row.table, row.id) not in seen]
    seen.update((row.table, row.id) for row in new)
    if len(new) < len(rows):
        branch.repeated[table.name] += len(rows) - len(new)
    if most is None or len(new) <= most:
        added = [Branch(row) for row in new]
        branch.branches += added
        return added
    branch.branches += [Branch(row) for row in new[:most]]
    branch.rest.setdefault(table.name, Counter()).update(row.kind for row in new[most:])
    return []


def _neighbours(lookup: RowLookup, link: Link, direction: Direction, ids: list[str]) -> dict[str, list[RowSummary]]:
    """The rows that the link leads to, by id."""
    sides = [(link.parent, link.parent_keys), (link.child, link.child_keys)]
    (near, near_keys), (far, far_keys) = sides if direction is Direction.DOWN else reversed(sides)
    start = _keyed(lookup, near, near_keys, ids)
    keys = start["key"].unique().to_list()
    end = _keyed(lookup, far, far_keys, wanted_keys=keys)
    pairs = start.join(end, on="key", suffix="_far").select("id", "id_far").unique(maintain_order=True)
    nearby = dict(pairs.group_by("id_far").agg("id").iter_rows())
    neighbours: dict[str, list[RowSummary]] = {}
    for row in describe(lookup, VIEWS[far.name], list(nearby)):
        for from_id in nearby[row.id]:
            neighbours.setdefault(from_id, []).append(row)
    return neighbours


def _keyed(
    lookup: RowLookup,
    table: Table,
    keys: pl.Expr,
    ids: Iterable[str] | None = None,
    wanted_keys: Iterable[str] | None = None,
) -> pl.DataFrame:
    """Id and key of the rows, one line per key."""
    name = VIEWS[table.name].id

    def query(rows: pl.LazyFrame) -> pl.LazyFrame:
        some = rows if ids is None else rows.filter(pl.col(name).is_in(list(ids)))
        lines = some.select(id=pl.col(name), key=keys).explode("key").drop_nulls("key").unique(maintain_order=True)
        return lines if wanted_keys is None else lines.filter(pl.col("key").is_in(list(wanted_keys)))

    return lookup.rows(table, query)
