"""Sampling: n completions of every usable problem by one model, as traces. Used for teacher and student."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.finish_reasons import STOP, resolved_column
from skyassets.core.identity import digest
from skyassets.core.ports import Request
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import TRACES
from skyassets.core.tables.store import StageResult
from skyassets.stages.sampling.completions import Completer, request
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.length_policy import CUT, DROP
from skyassets.stages.sampling.replies import Replies, RequestSummary
from skyassets.stages.sampling.usable_rows import why_unusable

ROWS_A_SLICE = 20_000
FROM_COMPLETION = ("text", "finish_reason", "prompt_tokens", "completion_tokens", "seconds")
"""The columns that traces and answers take from their completion."""


@dataclass(frozen=True)
class Attempt:
    """One wanted completion of one problem."""

    problem: dict[str, object]
    sample: int
    request: Request


def usable(problems: pl.DataFrame) -> pl.DataFrame:
    """The problems that were not set aside."""
    return problems.filter(pl.col("set_aside").is_null())


def to_sample(problems: pl.DataFrame) -> pl.DataFrame:
    """The usable problems, except those that have an imported trace."""
    return usable(problems).filter(pl.col("imported_trace").is_null())


def attempts(problems: pl.DataFrame, asking: Asking) -> list[Attempt]:
    """Every wanted completion, in problem order. Sample k uses the seed `asking.seed + k`.

    A problem with an imported trace is skipped.
    """
    return [
        Attempt(problem, k, request_for(problem, k, asking))
        for problem in to_sample(problems).iter_rows(named=True)
        for k in range(asking.samples)
    ]


def request_for(problem: dict[str, object], k: int, asking: Asking) -> Request:
    """The request for sample `k` of a problem."""
    return request(asking.model, asking.prompts.messages(problem), asking.sampling, asking.seed + k)


def sample(problems: pl.DataFrame, asking: Asking, completer: Completer) -> StageResult:
    """The teacher's traces: one row per problem and sample. Failed ones contain the reason.

    Texts are not held in memory: they are read from the row store when the traces are written.
    """
    sampled = _Sampled(to_sample(problems), asking, completer)
    imported = usable(problems).filter(pl.col("imported_trace").is_not_null())
    return StageResult(
        TRACES.frame([_imported(problem) for problem in imported.iter_rows(named=True)]),
        sampled.metadata,
        unfinished=sampled.summary.unfinished,
        stream=sampled.traces(),
        unusable="" if imported.height else why_unusable("traces", sampled.faults()),
    )


class _Sampled:
    """The attempts at some problems, with each token limit in turn."""

    def __init__(self, problems: pl.DataFrame, asking: Asking, completer: Completer) -> None:
        self.problems, self.asking, self.completer = problems, asking, completer
        self.reused = self.requested = 0
        self.errors: dict[str, str] = {}
        self.final: frozenset[str] = frozenset()
        positions = pl.DataFrame({"position": range(problems.height)}, schema={"position": pl.UInt32()})
        samples = pl.DataFrame({"sample": range(asking.samples)}, schema={"sample": pl.Int64()})
        no_cuts = pl.lit([], pl.List(pl.String())).alias("cut_completions")
        waiting = positions.join(samples, how="cross", maintain_order="left_right").with_columns(no_cuts)
        done: list[pl.DataFrame] = []
        budgets = asking.length.limits("Asking", asking.sampling.max_tokens)
        for budget in budgets:
            sampling = replace(asking.sampling, max_tokens=budget)
            tried = self._try(waiting, replace(asking, sampling=sampling, length=DROP))
            is_cut = (pl.col("finish_reason") == CUT).fill_null(value=False)
            cut_now = pl.concat_list("cut_completions", "completion_id")
            tried = tried.with_columns(
                pl.when(is_cut).then(cut_now).otherwise("cut_completions").alias("cut_completions")
            )
            again = is_cut if budget != budgets[-1] else pl.lit(value=False)
            done.append(tried.filter(~again))
            waiting = tried.filter(again).select(waiting.columns)
            if waiting.is_empty():
                break
        self.rows = pl.concat(done)

    @property
    def summary(self) -> RequestSummary:
        """The result for the completions of every token limit."""
        return RequestSummary(self.errors, self.reused, self.requested, self.final)

    @property
    def metadata(self) -> dict[str, object]:
        """The counts to show on the asset."""
        counts = self.summary.metadata
        cut = self.rows.select(self._cut())["cut"].drop_nulls().value_counts(sort=True)
        return {**counts, **({"cut by the token limit": dict(cut.iter_rows())} if cut.height else {})}

    def faults(self) -> Iterator[str | None]:
        """For each trace, why it cannot be used; None if it can."""
        for key, reason in self.rows.select("completion_id", "finish_reason").iter_rows():
            is_usable = reason == STOP or (reason == CUT and self.asking.length.keep)
            failed = f"failed: {self.errors.get(key)}" if reason is None else f"it ended with {reason}"
            yield None if is_usable else failed

    def traces(self) -> Iterator[pl.DataFrame]:
        """The rows of `teacher_traces`, in the order in which the store has their texts."""
        stored = self.rows.filter(pl.col("finish_reason").is_not_null())
        count = 0
        for texts in self.completer.rows.read(stored["completion_id"], FROM_COMPLETION):
            frame = self._traces(stored.join(texts.drop("finish_reason"), on="completion_id"))
            count += frame.height
            yield frame
        if count < stored.height:
            raise StoreError(
                f"teacher_traces: {stored.height - count} completions disappeared from the row store during the run; "
                "run again to request them again"
            )
        failed = self.rows.filter(pl.col("finish_reason").is_null())
        reasons = [self.errors.get(key) for key in failed["completion_id"]]
        error = pl.Series("error", reasons, dtype=pl.String())
        yield self._traces(failed.with_columns(error, pl.lit("error").alias("finish_reason")))

    def _try(self, waiting: pl.DataFrame, asking: Asking) -> pl.DataFrame:
        """Add the id of each attempt's completion and its finish reason, null if it failed, to `waiting`."""
        rows, store = self._with_ids(waiting, asking), self.completer.rows
        ids = rows["completion_id"]
        store.repair(ids.to_list())  # before anything is read: corrupted rows are set aside and requested again
        ordered = self._longest_first(rows, store)
        wanted = {key: row for row, key in enumerate(ids)}

        def request_of(key: str) -> Request:
            position, k = rows.select("position", "sample").row(wanted[key])
            return request_for(self.problems.row(position, named=True), k, asking)

        summary = self.completer.ensure(asking.model, ordered, request_of)
        self.reused += summary.reused
        self.requested += summary.requested
        self.errors |= summary.errors
        self.final |= summary.final
        known = _known(store, ids, ("finish_reason", "completion_tokens"))
        reasons = known.select("completion_id", resolved_column(asking.sampling.max_tokens))
        return rows.join(reasons, on="completion_id", how="left", maintain_order="left")

    def _with_ids(self, waiting: pl.DataFrame, asking: Asking) -> pl.DataFrame:
        def ids(part: pl.DataFrame) -> Iterator[tuple[str, str, str]]:
            problems = self.problems[part["position"]].iter_rows(named=True)
            for problem, k in zip(problems, part["sample"], strict=True):
                key = request_for(problem, k, asking).id
                yield str(problem["problem_id"]), key, digest("trace", problem["problem_id"], key, k)

        names = {name: pl.String() for name in ("problem_id", "completion_id", "trace_id")}
        parts = [waiting.clear().with_columns(pl.lit(None, kind).alias(name) for name, kind in names.items())]
        for part in waiting.iter_slices(ROWS_A_SLICE):
            parts.append(part.hstack(pl.DataFrame(list(ids(part)), schema=names, orient="row")))
        return pl.concat(parts)

    def _longest_first(self, rows: pl.DataFrame, store: RowStore) -> list[str]:
        """The completions' ids, those with the longest expected completions first.

        A problem's expected length is the mean length of its other samples; without any, its rated difficulty is used.
        """
        known = _known(store, rows["completion_id"], ("completion_tokens",))
        if known.height == rows.height:
            return rows["completion_id"].to_list()
        tokens = rows.join(known, on="completion_id", how="left", maintain_order="left")
        difficulty = self.problems["difficulty"].gather(rows["position"])
        mean = tokens.select(pl.col("completion_tokens").mean().over("position"), difficulty.alias("difficulty"))
        order = mean.with_row_index().sort(
            "completion_tokens", "difficulty", descending=True, nulls_last=True, maintain_order=True
        )
        return rows["completion_id"].gather(order["index"]).to_list()

    def _traces(self, rows: pl.DataFrame) -> pl.DataFrame:
        traces = rows.with_columns(self._cut(), pl.lit(str(self.asking.model)).alias("model")).with_columns(
            pl.when(pl.col("cut_completions").list.len() > 0).then("cut_completions").alias("cut_completions")
        )
        return pl.concat([TRACES.frame([]), traces.drop("position")], how="diagonal_relaxed")

    def _cut(self) -> pl.Expr:
        was_cut = pl.col("cut_completions").list.len() > 0
        at_last = pl.lit("kept" if self.asking.length.keep else "dropped")
        return (
            pl.when(pl.col("finish_reason") == CUT).then(at_last).when(was_cut).then(pl.lit("resampled")).alias("cut")
        )


def _known(store: RowStore, ids: pl.Series, columns: tuple[str, ...]) -> pl.DataFrame:
    """The stored ones of `ids`, with the given columns."""
    return pl.concat([store.table.frame([]).select("completion_id", *columns), *store.read(ids, columns)])


def attempt_id(kind: str, attempt: Attempt) -> str:
    """The id of an attempt's result; two problems with the same text have different ids."""
    return digest(kind, attempt.problem["problem_id"], attempt.request.id, attempt.sample)


def answer_columns(attempt: Attempt, replies: Replies) -> dict[str, object]:
    """The columns that traces and answers share, from a completion or its error."""
    completion = replies.completions.get(attempt.request.id)
    empty: dict[str, object] = {"text": None, "finish_reason": "error", "seconds": None}
    return {
        "problem_id": attempt.problem["problem_id"],
        "completion_id": attempt.request.id,
        "sample": attempt.sample,
        "model": str(attempt.request.model),
        **{name: (completion or empty).get(name) for name in FROM_COMPLETION},
        "error": None if completion else replies.errors.get(attempt.request.id),
    }


def _imported(problem: dict[str, object]) -> dict[str, object]:
    return {
        "trace_id": digest("imported trace", problem["problem_id"]),
        "problem_id": problem["problem_id"],
        "sample": 0,
        "model": f"imported from {problem['source']}",
        "text": problem["imported_trace"],
        "finish_reason": "stop",
    }
