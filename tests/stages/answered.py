"""Answers in memory, for tests of scores and reports."""

import polars as pl

from skyassets.core.sources import Generated, Source
from skyassets.core.tables.declarations import ANSWERS
from skyassets.stages.evaluation.benchmark import Benchmark

SOURCE = Source("made", Generated(("times",), per_family=1, seed=1, held_out=True), "Apache-2.0")
MADE_WITH: dict[str, object] = {"graders": "test"}


def benchmark(name: str = "b", **more: object) -> Benchmark:
    """A benchmark whose source is never read."""
    return Benchmark(name, SOURCE, **more)  # type: ignore[arg-type]


def answers(*marks: tuple[str, str, str], **same: object) -> pl.DataFrame:
    """Answers from (role, problem, letters): a letter a sample, r for right, u for unjudged, - for one that failed.

    n is wrong without an answer; a capital or a digit is wrong with that letter for an answer.
    """
    rows = [
        {
            "answer_id": f"{role} {problem} {sample:03d}", "epoch_name": "", "benchmark": "b", "problem_id": problem,
            "family": "f", "domain": "maths", "role": role, "model": f"{role}@1", "sample": sample,
            "checkpoint_id": "c" if role == "student" else None, "text": None if letter == "-" else letter,
            "finish_reason": "error" if letter == "-" else "stop", "error": "lost" if letter == "-" else None,
            "completion_tokens": None if letter == "-" else 10 * (sample + 1),
            **{mode: {"r": "correct", "u": "unjudged", "-": "unjudged"}.get(letter, "wrong")
               for mode in ("strict", "lenient")},
            **{f"{mode}_answer": None if letter in "n-" else letter for mode in ("strict", "lenient")},
            **same,
        }
        for role, problem, letters in marks
        for sample, letter in enumerate(letters)
    ]  # fmt: skip
    return ANSWERS.frame(rows)
