"""Verification: a verdict on every trace and every rewrite, by the same graders that score the benchmarks."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import polars as pl

from skyassets.core.identity import digest
from skyassets.core.ports import Judgement, Verdict
from skyassets.core.tables.declarations import VERDICTS
from skyassets.core.tables.store import StageResult
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.model_judge import NO_REPLY, ModelJudge, second_opinion
from skyassets.stages.grading.pool import Case, case, judge_all, says_nothing
from skyassets.stages.sampling.completions import Completer


@dataclass(frozen=True)
class GradingConfig:
    """The graders and the optional model judge, and how many texts are judged in parallel."""

    graders: Graders
    workers: int = 1
    progress: Callable[[int, int], None] = lambda done, total: None
    judge: ModelJudge | None = None
    completer: Completer | None = None
    """Sends requests to the judge; required if there is one."""


def verdicts(cases: dict[Case, str], grading: GradingConfig) -> tuple[dict[Case, Judgement], dict[str, object]]:
    """The judgement of each case (`cases` maps a case to its question), and the counts to show.

    Raises:
        SandboxError, GraderError, ServerError, BudgetError: when judging is impossible; earlier judgements are kept.
    """
    judged = judge_all(cases, grading.graders, grading.workers, grading.progress)
    if grading.judge is None or grading.completer is None:
        return judged.judgements, judged.facts
    opinion = second_opinion(cases, judged.judgements, grading.judge, grading.completer)
    return {**judged.judgements, **opinion.judgements}, {**judged.facts, **opinion.facts}


def is_unfinished(judgement: Judgement) -> bool:
    """Whether a verdict must be made again next time: a grader or the judge's server failed, or it could be forged."""
    return says_nothing(judgement) or judgement.reason.startswith(NO_REPLY)


def verify(traces: pl.DataFrame, rewrites: pl.DataFrame, problems: pl.DataFrame, grading: GradingConfig) -> StageResult:
    """One verdict per trace (lenient mode) and per rewrite (strict mode), each correct, wrong or unjudged."""
    asked = {str(row["problem_id"]): row for row in problems.iter_rows(named=True)}
    subjects = list(_subjects(traces, rewrites))
    cases = [
        None if text is None else case(asked[str(row["problem_id"])], text, mode) for row, mode, text, _ in subjects
    ]
    questions = {
        item: str(asked[str(row["problem_id"])]["question"])
        for item, (row, _, _, _) in zip(cases, subjects, strict=True)
        if item is not None
    }
    judged, told = verdicts(questions, grading)
    made = [
        judged[item] if item is not None else Judgement(Verdict.UNJUDGED, why)
        for (_, _, _, why), item in zip(subjects, cases, strict=True)
    ]
    rows = [_row(row, mode, one) for (row, mode, _, _), one in zip(subjects, made, strict=True)]
    again = sum(map(is_unfinished, made))
    counts = pl.Series([f"{row['subject']} {row['verdict']}" for row in rows], dtype=pl.String()).value_counts()
    return StageResult(VERDICTS.frame(rows), {**dict(sorted(counts.iter_rows())), **told}, unfinished=again)


def _subjects(traces: pl.DataFrame, rewrites: pl.DataFrame) -> Iterator[tuple[dict[str, object], Mode, object, str]]:
    """The row, the mode, the text (None if there is nothing to judge) and the reason why there is none."""
    for row in traces.iter_rows(named=True):
        finished = row["finish_reason"] == "stop"
        yield row, Mode.LENIENT, row["text"] if finished else None, f"the trace did not finish: {row['finish_reason']}"
    for row in rewrites.iter_rows(named=True):
        yield row, Mode.STRICT, row["rewritten"], str(row["failed"])


def _row(of: dict[str, object], mode: Mode, judgement: Judgement) -> dict[str, object]:
    is_rewrite = "rewrite_id" in of
    text_id = of["rewrite_id"] if is_rewrite else of["trace_id"]
    return {
        "verdict_id": digest("verdict", text_id, mode),
        "subject": "rewrite" if is_rewrite else "trace",
        "trace_id": of["trace_id"],
        "rewrite_id": of.get("rewrite_id"),
        "problem_id": of["problem_id"],
        "verdict": judgement.verdict.value,
        "reason": judgement.reason,
        "answer": judgement.answer,
        "backend": judgement.backend,
        "test_results": list(judgement.tests) or None,
    }
