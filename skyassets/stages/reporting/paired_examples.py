"""Paired examples: a few items that the student won over its base or lost to it, with both answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from skyassets.core.ports import Verdict
from skyassets.stages.evaluation.scores import BASE, STUDENT
from skyassets.stages.training.loss_mask import shortened

SCORE_COLUMNS = ("answer_id", "benchmark", "problem_id", "role", "strict", "lenient", "completion_tokens")
"""The columns of an answer that choosing needs; texts are read only for chosen answers."""
ANSWER_COLUMNS = (
    *("answer_id", "problem_id", "text", "finish_reason", "completion_tokens"),
    *("strict_reason", "lenient_reason"),
)
PROBLEM_COLUMNS = ("problem_id", "question", "ground_truth")
MOST_OF_A_BENCHMARK = 3
"""The most won items, and the most lost items, of a benchmark."""
MOST_EXAMPLES = 48
"""The most items of all benchmarks together, to keep the page small."""
LONGEST_TEXT = 6_000
"""The most characters of a text that are shown."""


@dataclass(frozen=True)
class ShownAnswer:
    """One of the two answers to an item."""

    text: str
    tokens: int | None
    finish_reason: str
    reason: str
    """The grader's reason."""


@dataclass(frozen=True)
class PairedExample:
    """An item that one model answered correctly and the other did not."""

    benchmark: str
    problem_id: str
    is_won: bool
    """Whether the student won."""
    question: str
    ground_truth: str
    """Empty for code, whose tests are not shown."""
    student: ShownAnswer
    base: ShownAnswer


@dataclass(frozen=True)
class ChosenPair:
    """A paired example by its ids."""

    benchmark: str
    problem_id: str
    is_won: bool
    student: str
    """The student's answer_id."""
    base: str
    mode: str
    """The verdict used: strict or lenient."""


def choose(answers: pl.DataFrame, headlines: Mapping[str, str]) -> list[ChosenPair]:
    """Choose the items to show from the SCORE_COLUMNS of all answers of base and student.

    For each benchmark, items are ordered by the largest difference under the headline's verdict, then the fewest
    tokens, then id. Of several samples, the shortest that shows the difference is used.
    """
    benchmarks = answers["benchmark"].unique().sort().to_list()
    each = max(1, min(MOST_OF_A_BENCHMARK, MOST_EXAMPLES // max(2 * len(benchmarks), 1)))
    pairs: list[ChosenPair] = []
    for benchmark in benchmarks[: MOST_EXAMPLES // 2]:
        mode = "lenient" if headlines.get(benchmark, "").startswith("lenient") else "strict"
        items = _items(answers.filter(pl.col("benchmark") == benchmark), mode)
        for is_won in (True, False):
            better, worse = (STUDENT, BASE) if is_won else (BASE, STUDENT)
            differing = items.filter(
                pl.col(f"share_{better}") > pl.col(f"share_{worse}"),
                pl.col(f"right_{better}").is_not_null(),
                pl.col(f"wrong_{worse}").is_not_null(),
            ).with_columns(
                gap=pl.col(f"share_{better}") - pl.col(f"share_{worse}"),
                length=pl.col(f"right_tokens_{better}") + pl.col(f"wrong_tokens_{worse}"),
            )
            order = differing.sort("gap", "length", "problem_id", descending=[True, False, False]).head(each)
            pairs += [
                ChosenPair(
                    benchmark,
                    row["problem_id"],
                    is_won,
                    student=row[f"{'right' if is_won else 'wrong'}_student"],
                    base=row[f"{'wrong' if is_won else 'right'}_base"],
                    mode=mode,
                )
                for row in order.iter_rows(named=True)
            ]
    return pairs


def with_texts(pairs: Iterable[ChosenPair], answers: pl.DataFrame, problems: pl.DataFrame) -> tuple[PairedExample, ...]:
    """The chosen examples with their texts: `answers` has the ANSWER_COLUMNS, `problems` the PROBLEM_COLUMNS."""
    answer_rows = {row["answer_id"]: row for row in answers.iter_rows(named=True)}
    problem_rows = {row["problem_id"]: row for row in problems.iter_rows(named=True)}

    def shown(ident: str, mode: str) -> ShownAnswer:
        row = answer_rows[ident]
        text = shortened(row["text"] or "", LONGEST_TEXT)
        return ShownAnswer(text, row["completion_tokens"], row["finish_reason"] or "", row[f"{mode}_reason"] or "")

    return tuple(
        PairedExample(
            each.benchmark,
            each.problem_id,
            each.is_won,
            shortened(problem_rows[each.problem_id]["question"] or "", LONGEST_TEXT),
            shortened(problem_rows[each.problem_id]["ground_truth"] or "", LONGEST_TEXT),
            shown(each.student, each.mode),
            shown(each.base, each.mode),
        )
        for each in pairs
        if each.problem_id in problem_rows
    )


def _items(answers: pl.DataFrame, mode: str) -> pl.DataFrame:
    """One row per item judged for both: each model's share correct, and its shortest correct and wrong answers."""
    judged = answers.filter(pl.col(mode) != Verdict.UNJUDGED.value).sort(
        "completion_tokens", "answer_id", nulls_last=True
    )
    right = pl.col(mode) == Verdict.CORRECT.value
    scores = judged.group_by("problem_id", "role").agg(
        share=right.mean(),
        right=pl.col("answer_id").filter(right).first(),
        wrong=pl.col("answer_id").filter(~right).first(),
        right_tokens=pl.col("completion_tokens").filter(right).first().fill_null(0),
        wrong_tokens=pl.col("completion_tokens").filter(~right).first().fill_null(0),
    )
    sides = {
        role: scores.filter(pl.col("role") == role)
        .drop("role")
        .rename({name: f"{name}_{role}" for name in scores.columns if name not in ("problem_id", "role")})
        for role in (STUDENT, BASE)
    }
    return sides[STUDENT].join(sides[BASE], on="problem_id")
