"""Builds the table of problems from all sources, with ids. Unusable problems are set aside with the reason."""

import logging
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice

import polars as pl

from skyassets.core.errors import SourceError
from skyassets.core.identity import digest
from skyassets.core.sources import Reader, Source
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, PROBLEMS, Table
from skyassets.core.tables.store import StageResult
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.problems.normalize import normalized
from skyassets.stages.problems.row_types import Problem

ROWS_A_SLICE = 5_000

LOG = logging.getLogger(__name__)
CONTRADICTING = "questions with several answers"
STATED = ("source", "domain", "question", "ground_truth", "tests", "starter_code", "imported_trace")
"""The columns that determine a problem's id."""


def raw_problems(sources: Iterable[Source], reader: Reader) -> StageResult:
    """The problems of all sources."""
    outside = Counter[str]()
    return _made(PROBLEMS, (row for source in sources for row in normalized(source, reader, outside)), outside)


def benchmark_problems(benchmarks: Iterable[Benchmark], reader: Reader) -> StageResult:
    """The held-out problems of all benchmarks."""
    outside = Counter[str]()
    rows = ({**row, "benchmark": one.name} for one in benchmarks for row in normalized(one.source, reader, outside))
    return _made(BENCHMARK_PROBLEMS, rows, outside)


def in_slices(table: Table, made: StageResult) -> StageResult:
    """`made` for a store that takes rows in slices and sorts on disk, which avoids a second copy in memory."""
    return replace(made, frame=table.frame([]), stream=made.frame.iter_slices(ROWS_A_SLICE))


def kinds(reasons: Iterable[object]) -> dict[str, int]:
    """How often each kind of reason for setting aside occurs. The kind is the part before the colon."""
    counts = Counter(str(reason).partition(": ")[0] for reason in reasons if reason is not None)
    return dict(counts.most_common())


def some_left(table: Table, reasons: Iterable[object], look_at: str) -> dict[str, int]:
    """Count the kinds of `reasons`, which has one entry per row, null for a usable one.

    Raises:
        SourceError: when there is no usable row; the message contains the first reason in full.
    """
    every = list(reasons)
    aside = kinds(every)
    if every and None not in every:
        raise SourceError(
            f"{table.name}: all {len(every)} problems were set aside: {aside}; the first: {every[0]}; look at {look_at}"
        )
    return aside


def _made(table: Table, rows: Iterator[Problem], outside: Counter[str]) -> StageResult:
    """The table of `rows`; after they are consumed, `outside` is the number of rows outside the date window."""
    seen: Counter[str] = Counter()
    frames = [table.frame([])]
    # A slice takes a third of the memory as a data frame.
    while part := list(islice(rows, ROWS_A_SLICE)):
        identified = [_identified(row, seen, table) for row in part]
        frames.append(pl.DataFrame(identified, schema=table.schema, orient="row"))
    frame = pl.concat(frames)
    metadata: dict[str, object] = {
        "problems by source": dict(frame["source"].value_counts(sort=True).iter_rows()),
        "set aside": some_left(table, frame["set_aside"], "the sources"),
    }
    if contradicting := _contradicting(frame):
        metadata[CONTRADICTING] = contradicting
        LOG.warning("%s: %d questions are stated several times with different answers", table.name, contradicting)
    if outside:
        metadata["rows of other days"] = dict(outside)
    return StageResult(frame, metadata)


def _contradicting(frame: pl.DataFrame) -> int:
    """The number of questions with several ground truths among the usable rows, of which one at most can be right."""
    answered = frame.filter(pl.col("set_aside").is_null() & pl.col("ground_truth").is_not_null())
    truths = answered.group_by("question").agg(pl.col("ground_truth").str.strip_chars().n_unique())
    return truths.filter(pl.col("ground_truth") > 1).height


def _identified(row: Problem, seen: Counter[str], table: Table) -> Problem:
    content = digest("problem", row.get("benchmark"), *(row.get(name) for name in STATED))
    before = seen[content]
    seen[content] += 1
    identity = {
        "set_aside": row["set_aside"] or ("stated before in the same source" if before else None),
        "problem_id": digest(content, before) if before else content,
    }
    return {name: {**row, **identity}.get(name) for name in table.columns}
