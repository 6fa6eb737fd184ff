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
from skyassets.core.ports import CompletionClient, Model, ModelProvider, Request
from skyassets.core.rows.failures import failures_beside, stored_reasons
from skyassets.core.rows.store import RowStore
from skyassets.core.sources import Source
from skyassets.core.tables.declarations import ANSWERS, PROBLEMS, REWRITES, TRACES
from skyassets.core.tables.store import StageResult
from skyassets.stages.evaluation.answers import attempts_of
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Evaluation
from skyassets.stages.problems.difficulty import Rating, ranges, rate
from skyassets.stages.rewriting.rewrite import ModelRewriting, RuleRewriting, rewrite
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.replies import RequestSummary, Tally
from skyassets.stages.sampling.sample import sample

NOT_STORED = "it is not stored"


class NoServing:
    """A `ModelProvider` that refuses to serve."""

    @contextlib.contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Always raise `ServerError`."""
        raise ServerError(f"a dry run tried to call {model}: this is a bug in skyassets, please report it")
        yield


@dataclass(frozen=True)
class DryRun(Completer):
    """Returns stored completions and records requests instead of sending them."""

    serving: ModelProvider = field(default_factory=NoServing)
    progress: Callable[[Tally], None] = lambda tally: None
    on_request: Callable[[Request], None] = lambda request: None
    """Called with each request that is not stored."""
    reports_stored: bool = False
    """Whether `on_request` is called with stored requests too."""

    def ensure(self, model: Model, ids: Sequence[str], request_of: Callable[[str], Request]) -> RequestSummary:
        """Record the requests of `ids`; each one that is not stored gets an error."""
        index = self.rows.index(ids)
        failed = stored_reasons(self.failures, index.missing)
        asked = index.missing - failed.keys()
        for key in dict.fromkeys(ids):
            if self.reports_stored or key in asked:
                self.on_request(request_of(key))
        errors = {key: NOT_STORED for key in ids if key in asked} | failed
        summary = RequestSummary(errors, len(index.stored), len(asked), frozenset(failed))
        return self._add_usage(model, ids, summary)


@dataclass(frozen=True)
class WantedCompletion:
    """A completion that a recipe needs: its table, role and sample of the problem, and its request."""

    table: str
    role: str
    sample: int
    what: str
    """A description in words."""
    request: Request


def rated(problem: pl.DataFrame, rating: Rating, sources: Sequence[Source], rows: RowStore) -> list[WantedCompletion]:
    """The difficulty rating of one problem (a frame of one row), if the recipe rates it."""
    requests: list[Request] = []
    unrated = problem.with_columns(
        pl.lit(None, pl.Float64()).alias("difficulty"), pl.lit(None, pl.String()).alias("set_aside")
    )
    with contextlib.suppress(SourceError):
        rate(StageResult(unrated), rating, _recorder(rows, requests), ranges(sources))
    return [WantedCompletion(PROBLEMS.name, "rater", 0, "rating of the difficulty", one) for one in requests]


def taught(problem: pl.DataFrame, asking: Asking, rows: RowStore) -> tuple[list[WantedCompletion], pl.DataFrame]:
    """The teacher's samples of one problem (a frame of one row), and its current traces."""
    requests: list[Request] = []
    result = sample(problem, asking, _recorder(rows, requests))
    traces = pl.concat([result.frame, *result.stream], how="diagonal_relaxed")
    wanted = []
    for one in requests:
        k = one.seed - asking.seed
        again = one.sampling.max_tokens != asking.sampling.max_tokens
        what = f"sample {k}" + (f", again with {one.sampling.max_tokens} tokens" if again else "")
        wanted.append(WantedCompletion(TRACES.name, "teacher", k, what, one))
    return wanted, traces.sort("sample")


def rewritten(
    problem: pl.DataFrame, traces: pl.DataFrame, rewriting: ModelRewriting | RuleRewriting, rows: RowStore
) -> list[WantedCompletion]:
    """The rewrites of one problem's traces; empty for rule rewriting, and traces not yet sampled are skipped."""
    if isinstance(rewriting, RuleRewriting):
        return []
    wanted = []
    for trace in traces.filter(pl.col("text").is_not_null()).iter_slices(1):
        requests: list[Request] = []
        rewrite(trace, problem, rewriting, _recorder(rows, requests))
        unknown = set(rows.index(one.id for one in requests).missing)
        unknown -= stored_reasons(failures_beside(rows), unknown).keys()
        for one in requests:
            larger = one.sampling.max_tokens != rewriting.sampling.max_tokens
            limit = f", with {one.sampling.max_tokens} tokens" if larger else ""
            what = f"rewrite {trace['sample'][0]}, try {one.seed - rewriting.seed + 1}{limit}"
            wanted.append(WantedCompletion(REWRITES.name, "rewriter", trace["sample"][0], what, one))
            if one.id in unknown:
                # Whether another try is needed depends on this one's result.
                break
    return wanted


def answered(
    problem: pl.DataFrame, benchmarks: Sequence[Benchmark], evaluation: Evaluation, role: str, model: Model, epoch: str
) -> list[WantedCompletion]:
    """One model's answers to one benchmark problem (a frame of one row)."""
    return [
        WantedCompletion(ANSWERS.name, role, attempt.sample, f"{role}'s answer {attempt.sample}", attempt.request)
        for attempt in attempts_of(problem, benchmarks, evaluation, model, epoch)
    ]


def _recorder(rows: RowStore, requests: list[Request]) -> DryRun:
    """A dry run over the completions in `rows` that appends every request to `requests`."""
    return DryRun(rows, on_request=requests.append, reports_stored=True)
