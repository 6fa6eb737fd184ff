"""Rewriting: converts each trace to one structure, by rules or by a model, and checks that nothing else changed.

The trace is never overwritten. A model's rewrite that fails its checks is retried up to the recipe's limit; if it
still fails, its row is kept with the reason.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import polars as pl

from skyassets.core.errors import ServerError
from skyassets.core.identity import digest
from skyassets.core.ports import Message, Model, Request, Sampling
from skyassets.core.tables.declarations import REWRITES
from skyassets.core.tables.store import StageResult
from skyassets.stages.extraction.thoughts import Parts, after_own_thought, split
from skyassets.stages.extraction.trace_format import join, parse
from skyassets.stages.rewriting.checks import changed, checks, error_text, first_failure, left_mark
from skyassets.stages.rewriting.rules import structured
from skyassets.stages.sampling.completions import Completer, request
from skyassets.stages.sampling.length_policy import CUT, DROP, LengthPolicy
from skyassets.stages.sampling.replies import Replies
from skyassets.stages.sampling.usable_rows import why_unusable


@dataclass(frozen=True)
class RuleRewriting:
    """Rewriting by rules: the trace becomes the thought, and its own stated answer the solution.

    Of a trace that marks its thought, thought and solution stay apart. The thought may be empty: whether such a row is
    wanted is for the curation's rules to say.
    """

    identity_name: ClassVar[str] = "RuleRewriting"
    statement: str = "The answer is \\boxed{{answer}}."
    """The solution of a problem that is not code; {answer} is the trace's answer, never the ground truth. If the trace
    marks its thought, this follows its own solution, if that has no box."""


@dataclass(frozen=True)
class ModelRewriting:
    """Rewriting by a model: it gets the question and the trace, and its text has to pass the checks."""

    identity_name: ClassVar[str] = "ModelRewriting"
    model: Model
    system: str
    prompt: str
    """The user message, with {question} and {trace} in it."""
    sampling: Sampling
    seed: int
    tries: int = 2
    shortest: float = 0.3
    """A rewrite shorter than this share of the trace fails: it has lost content."""
    longest: float = 3.0
    length: LengthPolicy = DROP
    """With budgets, a cut try is repeated with the next larger limit, which later tries then also use."""

    def __post_init__(self) -> None:
        self.length.limits("ModelRewriting", self.sampling.max_tokens)


@dataclass(frozen=True)
class Rewritten:
    """The result for one trace: the structured text, or why there is none."""

    text: str | None
    failed: str | None
    completion_id: str | None = None
    changed: str | None = None
    """What differs from the trace and has to be judged by a grader."""


def is_ready(trace: dict[str, object]) -> bool:
    """Whether a trace can be rewritten: it finished, or the recipe keeps traces cut by the token limit."""
    return trace["finish_reason"] == "stop" or trace.get("cut") == "kept"


def rewrite(
    traces: pl.DataFrame, problems: pl.DataFrame, rewriting: RuleRewriting | ModelRewriting, completer: Completer | None
) -> StageResult:
    """One row per trace: its structured text, or the reason why there is none. Rules need no completer."""
    problem_of = {str(row["problem_id"]): row for row in problems.iter_rows(named=True)}
    rows = list(traces.iter_rows(named=True))
    ready = {str(row["trace_id"]): row for row in rows if is_ready(row)}
    done = {
        str(row["trace_id"]): Rewritten(None, f"the trace did not finish: {row['finish_reason']}")
        for row in rows
        if str(row["trace_id"]) not in ready
    }
    for trace_id in [key for key, row in ready.items() if parse(str(row["text"]))]:
        text = str(ready.pop(trace_id)["text"]).strip()
        error = error_text(text) or left_mark(text)
        done[trace_id] = Rewritten(None if error else text, error)
    metadata: dict[str, object] = {}
    unfinished = 0
    if isinstance(rewriting, RuleRewriting):
        for trace_id, row in ready.items():
            done[trace_id] = by_rules(str(row["text"]), str(problem_of[str(row["problem_id"])]["domain"]), rewriting)
    elif completer is None:
        raise ServerError(f"rewriter: {rewriting.model} rewrites the traces and needs a model server")
    else:
        model = _ModelRewriter(rewriting, completer, problem_of)
        done |= model.rewrite(ready)
        metadata = model.metadata
        unfinished = model.unfinished
    name = "rules" if isinstance(rewriting, RuleRewriting) else str(rewriting.model)
    return StageResult(
        REWRITES.frame([_row(row, done[str(row["trace_id"])], name, rewriting) for row in rows]),
        metadata,
        unfinished,
        unusable=why_unusable("rewrites", [done[str(row["trace_id"])].failed for row in rows]),
    )


def by_rules(trace: str, domain: str, rules: RuleRewriting) -> Rewritten:
    """The trace's thought, and its own stated answer (or its code, for code problems) as solution."""
    parts = split(trace)
    made = parts if isinstance(parts, str) else structured(parts, domain, rules.statement)
    if isinstance(made, str):
        return Rewritten(None, made)
    try:
        text = join(made)
    except ValueError as error:
        return Rewritten(None, str(error))
    left = left_mark(text)
    return Rewritten(None if left else text, left)


@dataclass(frozen=True)
class _Try:
    """The number of a try, and the index of its token limit."""

    number: int = 0
    limit: int = 0


class _ModelRewriter:
    """A model's rewrites of a set of traces, with retries when a check fails."""

    def __init__(self, rewriting: ModelRewriting, completer: Completer, problems: dict[str, dict[str, object]]) -> None:
        self.rewriting, self.completer, self.problems = rewriting, completer, problems
        self.limits = rewriting.length.limits("ModelRewriting", rewriting.sampling.max_tokens)
        self.reused = self.requested = self.errors = self.unfinished = 0

    @property
    def metadata(self) -> dict[str, object]:
        return {"rows reused": self.reused, "rows asked": self.requested, "rows failed": self.errors}

    def rewrite(self, traces: dict[str, dict[str, object]]) -> dict[str, Rewritten]:
        done: dict[str, Rewritten] = {}
        shown: dict[str, str] = {}
        for trace_id, row in traces.items():
            parts = split(str(row["text"]))
            if isinstance(parts, str):
                # A thought that never ends has no solution, and the model must not make one up.
                done[trace_id] = Rewritten(None, parts)
            else:
                shown[trace_id] = _shown(parts, str(row["text"]))
        final: frozenset[str] = frozenset()
        waiting = dict.fromkeys(shown, _Try()) if self.rewriting.tries else {}
        while waiting:
            requests = {key: self._request(traces[key], shown[key], at) for key, at in waiting.items()}
            # A rewrite is about as long as its trace.
            expected = {requests[trace_id].id: float(len(str(traces[trace_id]["text"]))) for trace_id in waiting}
            replies = self.completer.complete(self.rewriting.model, list(requests.values()), expected)
            self.reused += replies.reused
            self.requested += replies.requested
            final |= replies.final
            following: dict[str, _Try] = {}
            for trace_id, at in waiting.items():
                completion_id = requests[trace_id].id
                done[trace_id] = self._checked(traces[trace_id], completion_id, replies)
                if (after := self._after(at, done[trace_id], replies.completions.get(completion_id))) is not None:
                    following[trace_id] = after
            waiting = following
        # External errors are retried in the next run, unless they were paid for; failed checks are final.
        failed = [result for result in done.values() if result.failed and result.failed.startswith("error: ")]
        self.errors = len(failed)
        self.unfinished = sum(result.completion_id not in final for result in failed)
        return done

    def _after(self, at: _Try, result: Rewritten, completion: dict[str, object] | None) -> _Try | None:
        """The try after one with this result; None after the last."""
        if completion is not None and completion["finish_reason"] == CUT and at.limit + 1 < len(self.limits):
            return replace(at, limit=at.limit + 1)
        # Keep the larger limit: a text that was cut once would be cut again.
        return replace(at, number=at.number + 1) if result.failed and at.number + 1 < self.rewriting.tries else None

    def _request(self, trace: dict[str, object], shown: str, at: _Try) -> Request:
        question = str(self.problems[str(trace["problem_id"])]["question"])
        pieces = self.rewriting.prompt.split("{trace}")
        user = shown.join(piece.replace("{question}", question) for piece in pieces)
        messages = (Message("system", self.rewriting.system), Message("user", user))
        sampling = replace(self.rewriting.sampling, max_tokens=self.limits[at.limit])
        return request(self.rewriting.model, messages, sampling, self.rewriting.seed + at.number)

    def _checked(self, trace: dict[str, object], completion_id: str, replies: Replies) -> Rewritten:
        completion = replies.completions.get(completion_id)
        if completion is None:
            return Rewritten(None, f"error: {replies.errors.get(completion_id)}", completion_id)
        ended = completion["finish_reason"]
        if ended != "stop" and not (ended == CUT and self.rewriting.length.keep):
            return Rewritten(None, f"the rewrite did not finish: {ended}", completion_id)
        before, after = str(trace["text"]), after_own_thought(str(completion["text"])).strip()
        domain = str(self.problems[str(trace["problem_id"])]["domain"])
        failure = first_failure(checks(before, after, domain, self.rewriting.shortest, self.rewriting.longest))
        if failure:
            return Rewritten(None, failure, completion_id)
        return Rewritten(after, None, completion_id, changed(before, after, domain))


def _row(trace: dict[str, object], result: Rewritten, name: str, rewriting: object) -> dict[str, object]:
    parts = parse(result.text, empty_thought=True) if result.text else None
    return {
        "rewrite_id": digest("rewrite", trace["trace_id"], rewriting, result.completion_id),
        "trace_id": trace["trace_id"],
        "problem_id": trace["problem_id"],
        "completion_id": result.completion_id,
        "rewriter": name,
        "thought": parts.thought if parts else None,
        "solution": parts.solution if parts else None,
        "rewritten": result.text,
        "failed": result.failed,
        "changed": result.changed,
    }


def _shown(parts: Parts, trace: str) -> str:
    """The trace as the model sees it: without the marks around its thought, so that it does not copy them."""
    return trace if parts.thought is None else f"{parts.thought}\n\n{parts.solution}".strip()
