"""Verification: a verdict on every trace and on every rewrite, by the same graders that mark the benchmarks."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl

from skyassets.core.identity import digest
from skyassets.core.ports import Judgement, Verdict
from skyassets.core.table_store import Made
from skyassets.core.tables import VERDICTS
from skyassets.stages.grade import judge
from skyassets.stages.graders import Graders, Mode

SANDBOX_ERROR = "sandbox error"
"""How the reason of a verdict begins that the sandbox, not the program, made impossible; judged again next time."""


@dataclass(frozen=True)
class Case:
    """A text and what it is judged by."""

    domain: str
    ground_truth: str | None
    tests: str | None
    text: str
    mode: Mode


def case(problem: dict[str, object], text: object, mode: Mode) -> Case:
    """The case of a text that answers `problem`."""
    truth, tests = problem["ground_truth"], problem["tests"]
    return Case(
        str(problem["domain"]),
        None if truth is None else str(truth),
        None if tests is None else str(tests),
        str(text),
        mode,
    )


def judge_all(
    cases: Iterable[Case], graders: Graders, workers: int, progress: Callable[[int, int], None]
) -> dict[Case, Judgement]:
    """Each distinct case judged once; `progress` hears how many of how many are done."""
    distinct = list(dict.fromkeys(cases))
    done: dict[Case, Judgement] = {}

    def one(item: Case) -> Judgement:
        return judge(item.domain, item.ground_truth, item.tests, item.text, item.mode, graders)

    with ThreadPoolExecutor(workers) as pool:
        for item, judgement in zip(distinct, pool.map(one, distinct), strict=True):
            done[item] = judgement
            progress(len(done), len(distinct))
    return done


def verify(
    traces: pl.DataFrame,
    rewrites: pl.DataFrame,
    problems: pl.DataFrame,
    graders: Graders,
    workers: int = 1,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Made:
    """One verdict a trace (leniently read) and one a rewrite (strictly read), in three values."""
    asked = {str(row["problem_id"]): row for row in problems.iter_rows(named=True)}
    subjects = list(_subjects(traces, rewrites))
    cases = [
        None if text is None else case(asked[str(row["problem_id"])], text, mode) for row, mode, text, _ in subjects
    ]
    judged = judge_all((item for item in cases if item is not None), graders, workers, progress)
    rows = [
        _row(row, mode, judged[item] if item is not None else Judgement(Verdict.UNJUDGED, why))
        for (row, mode, _, why), item in zip(subjects, cases, strict=True)
    ]
    again = sum(str(row["reason"]).startswith(SANDBOX_ERROR) for row in rows)
    counts = pl.Series([f"{row['subject']} {row['verdict']}" for row in rows], dtype=pl.String()).value_counts()
    facts: dict[str, object] = dict(sorted(counts.iter_rows()))
    return Made(VERDICTS.frame(rows), facts, unfinished=again)


def _subjects(traces: pl.DataFrame, rewrites: pl.DataFrame) -> Iterator[tuple[dict[str, object], Mode, object, str]]:
    """Row, mode, text (None when there is nothing to judge) and why there is none."""
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
    }
