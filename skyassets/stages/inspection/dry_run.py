"""Dry run: finds the completions a recipe needs for a problem by running the stages without calling a model.

Stored completions are read from the row store, so that requests that depend on an answer (another try at a rewrite, a
larger token limit) appear as in a real run.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from skyassets.core.errors import ServerError, SourceError
from skyassets.core.ports import CompletionClient, Model, Request
from skyassets.core.rows.store import RowStore
from skyassets.core.sources import Source
from skyassets.core.tables.declarations import ANSWERS, PROBLEMS, REWRITES, TRACES
from skyassets.core.tables.store import StageResult
from skyassets.stages.evaluation.answers import attempts_of
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Evaluation
from skyassets.stages.problems.difficulty import Rating, ranges, rate
from skyassets.stages.rewriting.rewrite import ModelRewriting, RuleRewriting, rewrite
from skyassets.stages.sampling.completions import Completer, RequestSummary
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.sample import sample

NOT_STORED = "it is not stored"


@dataclass(frozen=True)
class Wanted:
    """A completion that a recipe needs: its table, role and sample of the problem, and its request."""

    table: str
    role: str
    sample: int
    what: str
    """A description in words."""
    request: Request


@dataclass(frozen=True)
class _Nobody:
    """A `ModelProvider` that refuses to serve."""

    @contextlib.contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Always raise `ServerError`."""
        raise ServerError(f"{model} was to be asked in a rehearsal; this is a mistake of skyassets, please report it")
        yield


@dataclass(frozen=True)
class DryRun(Completer):
    """Returns stored completions and records every request."""

    requests: list[Request] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)

    def ensure(self, model: Model, ids: Sequence[str], request_of: Callable[[str], Request]) -> RequestSummary:
        """Record the requests of `ids`; the ones that are not stored get an error."""
        self.requests.extend(request_of(key) for key in dict.fromkeys(ids))
        stored = {str(key) for frame in self.rows.read(ids, ()) for key in frame["completion_id"]}
        errors = {key: NOT_STORED for key in ids if key not in stored}
        self.missing.update(errors)
        return RequestSummary(errors, reused=len(stored), requested=len(errors))


def rehearsal(rows: RowStore) -> DryRun:
    """A dry run over the completions in `rows`."""
    return DryRun(rows, _Nobody(), lambda tally: None)


def rated(problem: pl.DataFrame, rating: Rating, sources: Sequence[Source], rows: RowStore) -> list[Wanted]:
    """The difficulty rating of one problem (a frame of one row), if the recipe rates it."""
    by = rehearsal(rows)
    unrated = problem.with_columns(
        pl.lit(None, pl.Float64()).alias("difficulty"), pl.lit(None, pl.String()).alias("set_aside")
    )
    with contextlib.suppress(SourceError):
        rate(StageResult(unrated), rating, by, ranges(sources))
    return [Wanted(PROBLEMS.name, "rater", 0, "rating of the difficulty", one) for one in by.requests]


def taught(problem: pl.DataFrame, asking: Asking, rows: RowStore) -> tuple[list[Wanted], pl.DataFrame]:
    """The teacher's samples of one problem (a frame of one row), and its current traces."""
    by = rehearsal(rows)
    made = sample(problem, asking, by)
    traces = pl.concat([made.frame, *made.stream], how="diagonal_relaxed")
    wanted = []
    for one in by.requests:
        k = one.seed - asking.seed
        again = one.sampling.max_tokens != asking.sampling.max_tokens
        what = f"sample {k}" + (f", again with {one.sampling.max_tokens} tokens" if again else "")
        wanted.append(Wanted(TRACES.name, "teacher", k, what, one))
    return wanted, traces.sort("sample")


def rewritten(
    problem: pl.DataFrame, traces: pl.DataFrame, rewriting: ModelRewriting | RuleRewriting, rows: RowStore
) -> list[Wanted]:
    """The rewrites of one problem's traces; empty for rule rewriting, and traces not yet sampled are skipped."""
    if isinstance(rewriting, RuleRewriting):
        return []
    wanted = []
    for trace in traces.filter(pl.col("text").is_not_null()).iter_slices(1):
        by = rehearsal(rows)
        rewrite(trace, problem, rewriting, by)
        for one in by.requests:
            larger = one.sampling.max_tokens != rewriting.sampling.max_tokens
            limit = f", with {one.sampling.max_tokens} tokens" if larger else ""
            what = f"rewrite {trace['sample'][0]}, try {one.seed - rewriting.seed + 1}{limit}"
            wanted.append(Wanted(REWRITES.name, "rewriter", trace["sample"][0], what, one))
            if one.id in by.missing:
                # Whether another try is needed depends on this one's result.
                break
    return wanted


def answered(
    problem: pl.DataFrame, benchmarks: Sequence[Benchmark], evaluation: Evaluation, role: str, model: Model, epoch: str
) -> list[Wanted]:
    """One model's answers to one benchmark problem (a frame of one row)."""
    return [
        Wanted(ANSWERS.name, role, attempt.sample, f"{role}'s answer {attempt.sample}", attempt.request)
        for attempt in attempts_of(problem, benchmarks, evaluation, model, epoch)
    ]
