"""Sampling: n completions of every usable problem by one model, as traces. The teacher's stage, and the student's."""

from dataclasses import dataclass

import polars as pl

from skyassets.core.identity import digest
from skyassets.core.ports import Model, Request, Sampling
from skyassets.core.table_store import Made
from skyassets.core.tables import TRACES
from skyassets.stages.complete import Completer, Replies, request
from skyassets.stages.prompts import Prompts


@dataclass(frozen=True)
class Asking:
    """Who is asked, how, and how often a problem."""

    model: Model
    prompts: Prompts
    sampling: Sampling
    samples: int
    seed: int


@dataclass(frozen=True)
class Attempt:
    """One wanted completion of one problem."""

    problem: dict[str, object]
    sample: int
    request: Request


def usable(problems: pl.DataFrame) -> pl.DataFrame:
    """The problems that were not set aside."""
    return problems.filter(pl.col("set_aside").is_null())


def attempts(problems: pl.DataFrame, asking: Asking) -> list[Attempt]:
    """Every completion wanted, in the order of the problems. Sample k is drawn with the seed `asking.seed + k`.

    A problem that brings its own trace is not asked.
    """
    return [
        Attempt(problem, k, request(asking.model, asking.prompts.messages(problem), asking.sampling, asking.seed + k))
        for problem in usable(problems).filter(pl.col("imported_trace").is_null()).iter_rows(named=True)
        for k in range(asking.samples)
    ]


def sample(problems: pl.DataFrame, asking: Asking, completer: Completer) -> Made:
    """The teacher's traces: one row a problem and sample, those that failed with their reason."""
    wanted = attempts(problems, asking)
    replies = completer.complete(asking.model, [attempt.request for attempt in wanted])
    rows = [{"trace_id": attempt_id("trace", attempt), **answer_columns(attempt, replies)} for attempt in wanted]
    rows += [_imported(problem) for problem in usable(problems).iter_rows(named=True) if problem["imported_trace"]]
    return Made(TRACES.frame(rows), replies.facts, unfinished=len(replies.errors))


def attempt_id(kind: str, attempt: Attempt) -> str:
    """The id of what comes of an attempt; two problems that read alike keep two ids."""
    return digest(kind, attempt.problem["problem_id"], attempt.request.id, attempt.sample)


def answer_columns(attempt: Attempt, replies: Replies) -> dict[str, object]:
    """What a completion, or its error, says in the columns that traces and answers share."""
    found = replies.completions.get(attempt.request.id)
    reply = ("text", "finish_reason", "prompt_tokens", "completion_tokens", "seconds")
    empty: dict[str, object] = {"text": None, "finish_reason": "error", "seconds": None}
    return {
        "problem_id": attempt.problem["problem_id"],
        "completion_id": attempt.request.id,
        "sample": attempt.sample,
        "model": str(attempt.request.model),
        **{name: (found or empty).get(name) for name in reply},
        "error": None if found else replies.errors.get(attempt.request.id),
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
