"""Lineage: what each row was made from and what was made of it, from any row of any table, both ways.

A problem has traces; a trace has rewrites and a verdict; a rewrite has a verdict; an example follows from it; the
kept examples make the checkpoint; its answers to the benchmark problems make the scores. Completions stand behind
traces, rewrites and answers.
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
from skyassets.stages.inspection.row_lookup import VIEWS, Row, RowLookup, describe


class Direction(Enum):
    """Which way to walk."""

    UP = "made from"
    DOWN = "used by"


@dataclass(frozen=True)
class Link:
    """Which rows of `child` were made from which of `parent`: those that share one of their keys."""

    child: Table
    parent: Table
    child_keys: pl.Expr
    """A list of texts a row; null where the link does not hold."""
    parent_keys: pl.Expr
    is_aside: bool = False
    """Not the main road: shown, and not followed."""


@dataclass
class Branch:
    """A row with what was found next to it in the direction of the walk."""

    row: Row
    branches: list["Branch"] = field(default_factory=list)
    rest: dict[str, Counter[str]] = field(default_factory=dict)
    """Rows that are not shown: by table, how many of each kind."""
    repeated: Counter[str] = field(default_factory=Counter)
    """Rows that are shown elsewhere in the tree, by table."""


def _keys(*parts: pl.Expr) -> pl.Expr:
    """The texts, joined, as a list of one."""
    return pl.concat_list(pl.concat_str(*parts, separator="\n"))


def _each(one: pl.Expr, more: str) -> pl.Expr:
    """One text and those of a list, either of which may be null."""
    return pl.concat_list(pl.concat_list(one), pl.col(more).fill_null([]))


def _by(child: Table, parent: Table, column: str, where: pl.Expr | None = None) -> Link:
    """The link of a column that both tables have; `where` says for which of the verdicts it holds."""
    one = pl.col(column) if where is None else pl.when(where).then(column)
    is_child = child is VERDICTS
    ends = (one, pl.col(column)) if is_child else (pl.col(column), one)
    return Link(child, parent, _keys(ends[0]), _keys(ends[1]))


def _score_keys() -> pl.Expr:
    """An answer counts in the whole, in its family and in its level. Null for one without a level."""
    places = [
        pl.concat_str("epoch_name", "benchmark", pl.lit(by), part, "role", separator="\n")
        for by, part in ((EVERY, pl.lit(EVERY)), ("family", pl.col("family")), ("level", pl.col("level")))
    ]
    return pl.concat_list(places).list.drop_nulls()


def _scored_keys() -> pl.Expr:
    """A score comes from the answers of its role; a difference from those of both. Of the training set none is told."""
    place = pl.concat_str("epoch_name", "benchmark", "by", "part", separator="\n")
    roles = pl.col("role").str.split(VERSUS)
    first, last = roles.list.first(), roles.list.last()
    return pl.concat_list(*(pl.concat_str(place, role, separator="\n") for role in (first, last))).list.unique()


_OF_TRACE, _OF_REWRITE = pl.col("subject") == "trace", pl.col("subject") == "rewrite"
_ALL_KEPT = pl.when(pl.col("dropped_by").is_null()).then(pl.lit("kept"))

LINKS = (
    _by(TRACES, PROBLEMS, "problem_id"),
    # Those that the token limit cut too: they were paid for, and asked again with a larger one.
    Link(TRACES, COMPLETIONS, _each(pl.col("completion_id"), "cut_completions"), _keys(pl.col("completion_id"))),
    _by(REWRITES, TRACES, "trace_id"),
    _by(REWRITES, COMPLETIONS, "completion_id"),
    _by(VERDICTS, TRACES, "trace_id", _OF_TRACE),
    _by(VERDICTS, REWRITES, "rewrite_id", _OF_REWRITE),
    _by(EXAMPLES, VERDICTS, "rewrite_id", _OF_REWRITE),
    Link(EXAMPLES, VERDICTS, _keys(pl.col("trace_id")), _keys(pl.when(_OF_TRACE).then("trace_id")), is_aside=True),
    Link(CHECKPOINT, EXAMPLES, _keys(pl.lit("kept")), _keys(_ALL_KEPT)),
    _by(ANSWERS, CHECKPOINT, "checkpoint_id"),
    _by(ANSWERS, BENCHMARK_PROBLEMS, "problem_id"),
    _by(ANSWERS, COMPLETIONS, "completion_id"),
    Link(REPORTS, ANSWERS, _scored_keys(), _score_keys()),
    _by(REPORTS, CHECKPOINT, "checkpoint_id"),
)


def walk(lookup: RowLookup, start: Row, direction: Direction, most: int | None) -> Branch:
    """The tree of all that `start` was made from, or that was made of it; every row stands in it once.

    Of more than `most` rows of one table under one row the first are shown and not followed, the rest counted.
    """
    root = Branch(start)
    seen = {(start.table, start.id)}
    level = [root]
    while level:
        following: list[Branch] = []
        for link in LINKS:
            near, far = (link.parent, link.child) if direction is Direction.DOWN else (link.child, link.parent)
            here = {branch.row.id: branch for branch in level if branch.row.table == near.name}
            if not here or (link.is_aside and direction is Direction.DOWN and root.row.id not in here):
                continue
            for from_id, rows in _neighbours(lookup, link, direction, list(here)).items():
                shown = _add(here[from_id], far, rows, seen, most)
                following += [] if link.is_aside and direction is Direction.UP else shown
        level = following
    return root


def _add(branch: Branch, table: Table, rows: list[Row], seen: set[tuple[str, str]], most: int | None) -> list[Branch]:
    """Put `rows` under `branch`; the new ones that are to be followed."""
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


def _neighbours(lookup: RowLookup, link: Link, direction: Direction, ids: list[str]) -> dict[str, list[Row]]:
    """Id to the rows that the link leads to."""
    sides = [(link.parent, link.parent_keys), (link.child, link.child_keys)]
    (near, near_keys), (far, far_keys) = sides if direction is Direction.DOWN else reversed(sides)
    start = _keyed(lookup, near, near_keys, ids)
    wanted = start["key"].unique().to_list()
    end = _keyed(lookup, far, far_keys, wanted_keys=wanted)
    pairs = start.join(end, on="key", suffix="_far").select("id", "id_far").unique(maintain_order=True)
    nearby = dict(pairs.group_by("id_far").agg("id").iter_rows())
    found: dict[str, list[Row]] = {}
    for row in describe(lookup, VIEWS[far.name], list(nearby)):
        for from_id in nearby[row.id]:
            found.setdefault(from_id, []).append(row)
    return found


def _keyed(
    lookup: RowLookup,
    table: Table,
    keys: pl.Expr,
    ids: Iterable[str] | None = None,
    wanted_keys: Iterable[str] | None = None,
) -> pl.DataFrame:
    """Id and key of the rows, one line a key."""
    name = VIEWS[table.name].id

    def query(rows: pl.LazyFrame) -> pl.LazyFrame:
        some = rows if ids is None else rows.filter(pl.col(name).is_in(list(ids)))
        lines = some.select(id=pl.col(name), key=keys).explode("key").drop_nulls("key").unique(maintain_order=True)
        return lines if wanted_keys is None else lines.filter(pl.col("key").is_in(list(wanted_keys)))

    return lookup.rows(table, query)
