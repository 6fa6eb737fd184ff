"""Validates references: a problem whose own reference is not judged correct is set aside before any model is asked.

An answer is judged in a box, like the student's; for programs, one of the reference solutions must pass every test.
A ready-made trace without a ground truth, or a code problem without a solution, cannot be checked and is kept.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import polars as pl

from skyassets.core.ports import Judgement, Verdict
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.store import StageResult
from skyassets.stages.equivalence.scorers import right_answer
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import CODE, Case, case
from skyassets.stages.grading.pool import is_inconclusive, judge_all
from skyassets.stages.problems.row_types import Problem
from skyassets.stages.problems.source_columns import REFERENCES
from skyassets.stages.problems.table import some_left

Progress = Callable[[int, int], None]

COLUMNS = ("problem_id", "domain", "question", "ground_truth", "tests", "references", "imported_trace")
ROWS_A_SLICE = 20_000
WITHOUT_REFERENCE = "code problems without a reference solution"
REFERENCE_IS = "its own reference is judged"
"""The start of the reason when a problem is set aside for its reference; the verdict follows."""


def validated(
    table: Table,
    problems: StageResult,
    graders: Graders,
    workers: int = 1,
    progress: Progress = lambda done, total: None,
) -> StageResult:
    """`problems`, with those set aside whose own reference is not judged correct.

    Raises:
        SourceError: when no problem is left.
    """
    usable = problems.frame.filter(pl.col("set_aside").is_null()).select(COLUMNS)
    bad: dict[str, Judgement] = {}
    judged = without = done = again = 0
    for part in usable.iter_slices(ROWS_A_SLICE):
        rows = list(part.iter_rows(named=True))
        judgements = _judged(rows, graders, workers, _further(progress, done, usable.height))
        bad |= {key: one for key, one in judgements.items() if one.verdict is not Verdict.CORRECT}
        judged += len(judgements)
        again += sum(map(is_inconclusive, judgements.values()))
        without += sum(row["domain"] == CODE and not row["references"] for row in rows)
        done += part.height
    frame = problems.frame
    if bad:
        reasons = frame["problem_id"].replace_strict(
            list(bad), [_reason(one) for one in bad.values()], default=None, return_dtype=pl.String()
        )
        frame = frame.with_columns(pl.coalesce("set_aside", reasons).alias("set_aside"))
    metadata: dict[str, object] = {
        "references judged correct": judged - len(bad),
        WITHOUT_REFERENCE: without,
        "set aside": some_left(table, frame["set_aside"], "the sources' ground truths, tests and reference solutions"),
    }
    return replace(problems, frame=frame, metadata=problems.metadata | metadata, unfinished=problems.unfinished + again)


def _judged(rows: list[Problem], graders: Graders, workers: int, progress: Progress) -> dict[str, Judgement]:
    """By problem id: the judgement of a correct reference, or of the first one if none is correct."""
    judged: dict[str, Judgement] = {}
    for attempt in range(REFERENCES):
        cases = {str(row["problem_id"]): one for row in rows if (one := _case(row, attempt, judged)) is not None}
        if not cases:
            break
        by_case = judge_all(cases.values(), graders, workers, progress)
        attempted = {key: by_case[one] for key, one in cases.items()}
        judged |= {key: one for key, one in attempted.items() if key not in judged or one.verdict is Verdict.CORRECT}
    return judged


def _further(progress: Progress, before: int, total: int) -> Progress:
    """Converts the progress of one slice to that of the whole; retries do not count."""
    return lambda done, _: progress(min(before + done, total), total)


def _case(row: Problem, attempt: int, judged: Mapping[str, Judgement]) -> Case | None:
    """The case for the given attempt at a problem; None if there is nothing (more) to judge."""
    earlier = judged.get(str(row["problem_id"]))
    if earlier is not None and earlier.verdict is Verdict.CORRECT:
        return None
    if row["domain"] == CODE:
        programs = row["references"]
        if not isinstance(programs, list) or attempt >= len(programs):
            return None
        return case(row, f"```python\n{programs[attempt]}\n```", Mode.STRICT)
    if attempt or row["ground_truth"] is None:
        return None
    answer = right_answer(str(row["ground_truth"]))
    return case(row, "" if answer is None else f"\\boxed{{{answer}}}", Mode.STRICT)


def _reason(judgement: Judgement) -> str:
    return f"{REFERENCE_IS} {judgement.verdict.value}: {judgement.reason}"
