"""Verification: a verdict on every trace and every rewrite, by the same graders that score the benchmarks."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from skyassets.core.identity import digest
from skyassets.core.ports import Judgement, Verdict
from skyassets.core.tables.declarations import VERDICTS
from skyassets.core.tables.store import StageResult
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import Case, case
from skyassets.stages.grading.model_judge import NO_REPLY, ModelJudge, second_opinion
from skyassets.stages.grading.pool import is_inconclusive, judge_all
from skyassets.stages.sampling.completions import Completer

Row = dict[str, object]


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
        return judged.judgements, judged.metadata
    opinion = second_opinion(cases, judged.judgements, grading.judge, grading.completer)
    return {**judged.judgements, **opinion.judgements}, {**judged.metadata, **opinion.metadata}


def is_unfinished(judgement: Judgement) -> bool:
    """Whether a verdict must be made again next time: a grader or the judge's server failed, or it could be forged."""
    return is_inconclusive(judgement) or judgement.reason.startswith(NO_REPLY)


def verify(traces: pl.DataFrame, rewrites: pl.DataFrame, problems: pl.DataFrame, grading: GradingConfig) -> StageResult:
    """One verdict per trace (lenient mode) and per rewrite (strict mode), each correct, wrong or unjudged."""
    problem_of = {str(row["problem_id"]): row for row in problems.iter_rows(named=True)}
    subjects = list(_subjects(traces, rewrites, problem_of))
    questions = {item: str(problem_of[str(row["problem_id"])]["question"]) for row, _, item, _ in subjects if item}
    judgements, metadata = verdicts(questions, grading)
    results = [judgements[item] if item else Judgement(Verdict.UNJUDGED, why) for _, _, item, why in subjects]
    rows = [_row(row, mode, one) for (row, mode, _, _), one in zip(subjects, results, strict=True)]
    again = sum(map(is_unfinished, results))
    counts = pl.Series([f"{row['subject']} {row['verdict']}" for row in rows], dtype=pl.String()).value_counts()
    return StageResult(VERDICTS.frame(rows), {**dict(sorted(counts.iter_rows())), **metadata}, unfinished=again)


def _subjects(
    traces: pl.DataFrame, rewrites: pl.DataFrame, problem_of: Mapping[str, Row]
) -> Iterator[tuple[Row, Mode, Case | None, str]]:
    """The row, the mode, the case (None if there is nothing to judge) and the reason why there is none."""
    for row in traces.iter_rows(named=True):
        text = row["text"] if row["finish_reason"] == "stop" else None
        item = None if text is None else case(problem_of[str(row["problem_id"])], text, Mode.LENIENT)
        yield row, Mode.LENIENT, item, f"the trace did not finish: {row['finish_reason']}"
    for row in rewrites.iter_rows(named=True):
        text = row["rewritten"]
        item = None if text is None else case(problem_of[str(row["problem_id"])], text, Mode.STRICT)
        yield row, Mode.STRICT, item, str(row["failed"])


def _row(of: Row, mode: Mode, judgement: Judgement) -> Row:
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
