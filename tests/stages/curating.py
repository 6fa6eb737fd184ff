"""Rows to curate: problems, rewrites and verdicts of a few fields, and a recipe's rules over them."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from skyassets.core.ports import Conversation, TokenCount
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.recipes.smoke import smoke
from skyassets.stages.curation.curate import Curation, CurationInputs, curate
from skyassets.stages.curation.duplicate_rules import NotInBenchmark, QuestionNew, TraceNew
from skyassets.stages.curation.rules import FitsCutoff, Rule, WellFormed, verified
from skyassets.stages.curation.selection import Chosen
from skyassets.stages.deduplication.contamination import Decontamination
from skyassets.stages.extraction.trace_format import Structured, join

PROMPTS = smoke().student_prompts
QUESTION = "How many legs do seven spiders have when they all sit still together?"
HELD_OUT = "A boat needs four hours upstream and three downstream; how fast is the river it crosses?"
FIRST: tuple[Rule, ...] = (*verified(), WellFormed())
USUAL: tuple[Rule, ...] = (
    *FIRST, QuestionNew(), NotInBenchmark(Decontamination()), TraceNew(), FitsCutoff(50), Chosen(),
)  # fmt: skip

Row = dict[str, Any]


def problem(number: int, question: str = QUESTION, **more: object) -> Row:
    named = {"problem_id": f"p{number:02}", "source": "s", "name": f"n{number}", "family": "f", "domain": "maths"}
    stated = {"question": question, "ground_truth": "1", "licence": "CC0-1.0"}
    return {**dict.fromkeys(PROBLEMS.columns), **named, **stated, **more}


def rewrite(number: int, of: int, solution: str = "1", failed: str | None = None, text: str | None = None) -> Row:
    joined = None if failed else text or join(Structured("t" * (number + 1), solution))
    return {
        "rewrite_id": f"r{number:02}", "trace_id": f"t{number:02}", "problem_id": f"p{of:02}", "completion_id": None,
        "rewriter": "rules", "thought": None, "solution": None, "rewritten": joined, "failed": failed, "changed": None,
    }  # fmt: skip


def _verdict(number: int, subject: str, said: str) -> Row:
    named = {
        "verdict_id": f"{subject}{number}", "subject": subject, "trace_id": f"t{number:02}",
        "rewrite_id": f"r{number:02}" if subject == "rewrite" else None, "problem_id": "p", "verdict": said,
        "reason": "because", "answer": None, "backend": "test",
    }  # fmt: skip
    return {**dict.fromkeys(VERDICTS.columns), **named}


def _trace(row: Row, ends: dict[int, str]) -> Row:
    number = int(row["trace_id"][1:])
    named = {"trace_id": row["trace_id"], "problem_id": row["problem_id"], "sample": number}
    return {**dict.fromkeys(TRACES.columns), **named, "finish_reason": ends.get(number, "stop"), "text": "..."}


def words(many: Sequence[Conversation]) -> list[TokenCount]:
    lengths = [[len(turn.content.split()) for turn in one.messages] for one in many]
    return [TokenCount(sum(each), each[-1]) for each in lengths]


def judged(
    rewrites: list[Row],
    problems: list[Row],
    said: dict[int, tuple[str, str]] | None = None,
    ends: dict[int, str] | None = None,
) -> CurationInputs:
    verdicts = []
    for row in rewrites:
        number = int(row["rewrite_id"][1:])
        trace, own = (said or {}).get(number, ("correct", "correct"))
        verdicts += [_verdict(number, "trace", trace), _verdict(number, "rewrite", own)]
    benchmark = problem(99, HELD_OUT) | {"benchmark": "boats"}
    return CurationInputs(
        REWRITES.frame(rewrites),
        TRACES.frame([_trace(row, ends or {}) for row in rewrites]),
        VERDICTS.frame(verdicts),
        PROBLEMS.frame(problems),
        BENCHMARK_PROBLEMS.frame([{**dict.fromkeys(BENCHMARK_PROBLEMS.columns), **benchmark}]),
    )


def curated(
    rewrites: list[Row],
    problems: list[Row] | None = None,
    rules: tuple[Rule, ...] = USUAL,
    said: dict[int, tuple[str, str]] | None = None,
    ends: dict[int, str] | None = None,
) -> pl.DataFrame:
    """The table; without `problems` the one that asks QUESTION."""
    tables = judged(rewrites, problems or [problem(0)], said, ends)
    return curate(tables, Curation(rules), PROMPTS, words, minimum=0).frame


def dropped(frame: pl.DataFrame) -> dict[str, str | None]:
    return dict(frame.sort("rewrite_id").select("rewrite_id", "dropped_by").iter_rows())


def evidence(frame: pl.DataFrame) -> list[str]:
    return frame.sort("rewrite_id")["evidence"].drop_nulls().to_list()
