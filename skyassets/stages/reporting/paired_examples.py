"""Paired examples: a few items that the student won over its base or lost to it, with both answers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from skyassets.core.ports import Verdict
from skyassets.stages.evaluation.scores import BASE, STUDENT
from skyassets.stages.training.loss_mask import shortened

MARKS = ("answer_id", "benchmark", "problem_id", "role", "strict", "lenient", "completion_tokens")
"""The columns of an answer that choosing needs; texts are read only for chosen answers."""
SAID = ("answer_id", "problem_id", "text", "finish_reason", "completion_tokens", "strict_reason", "lenient_reason")
ASKED = ("problem_id", "question", "ground_truth")
EACH = 3
"""The most won items, and the most lost items, of a benchmark."""
MOST = 48
"""The most items of all benchmarks together, to keep the page small."""
LETTERS = 6_000
"""The most characters of a text that are shown."""


@dataclass(frozen=True)
class Said:
    """One of the two answers to an item."""

    text: str
    tokens: int | None
    finish_reason: str
    reason: str
    """The grader's reason."""


@dataclass(frozen=True)
class Duel:
    """An item that one model answered correctly and the other did not."""

    benchmark: str
    problem_id: str
    is_won: bool
    """Whether the student won."""
    question: str
    ground_truth: str
    """Empty for code, whose tests are not shown."""
    student: Said
    base: Said


@dataclass(frozen=True)
class Chosen:
    """A paired example by its ids."""

    benchmark: str
    problem_id: str
    is_won: bool
    student: str
    """The student's answer_id."""
    base: str
    mode: str
    """The verdict used: strict or lenient."""


def chosen(answers: pl.DataFrame, headlines: Mapping[str, str]) -> list[Chosen]:
    """Choose the items to show from the MARKS of all answers of base and student.

    For each benchmark, items are ordered by the largest difference under the headline's verdict, then the fewest
    tokens, then id. Of several samples, the shortest that shows the difference is used.
    """
    benchmarks = answers["benchmark"].unique().sort().to_list()
    each = max(1, min(EACH, MOST // max(2 * len(benchmarks), 1)))
    found: list[Chosen] = []
    for benchmark in benchmarks[: MOST // 2]:
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
            found += [
                Chosen(
                    benchmark,
                    row["problem_id"],
                    is_won,
                    student=row[f"{'right' if is_won else 'wrong'}_student"],
                    base=row[f"{'wrong' if is_won else 'right'}_base"],
                    mode=mode,
                )
                for row in order.iter_rows(named=True)
            ]
    return found


def duels(found: Iterable[Chosen], answers: pl.DataFrame, problems: pl.DataFrame) -> tuple[Duel, ...]:
    """The chosen examples with their texts, from the chosen answers (SAID) and their problems (ASKED)."""
    said = {row["answer_id"]: row for row in answers.iter_rows(named=True)}
    asked = {row["problem_id"]: row for row in problems.iter_rows(named=True)}

    def of(ident: str, mode: str) -> Said:
        row = said[ident]
        text = shortened(row["text"] or "", LETTERS)
        return Said(text, row["completion_tokens"], row["finish_reason"] or "", row[f"{mode}_reason"] or "")

    return tuple(
        Duel(
            each.benchmark,
            each.problem_id,
            each.is_won,
            shortened(asked[each.problem_id]["question"] or "", LETTERS),
            shortened(asked[each.problem_id]["ground_truth"] or "", LETTERS),
            of(each.student, each.mode),
            of(each.base, each.mode),
        )
        for each in found
        if each.problem_id in asked
    )


def _items(answers: pl.DataFrame, mode: str) -> pl.DataFrame:
    """One row per item judged for both: each model's share correct, and its shortest correct and wrong answers."""
    judged = answers.filter(pl.col(mode) != Verdict.UNJUDGED.value).sort(
        "completion_tokens", "answer_id", nulls_last=True
    )
    right = pl.col(mode) == Verdict.CORRECT.value
    told = judged.group_by("problem_id", "role").agg(
        share=right.mean(),
        right=pl.col("answer_id").filter(right).first(),
        wrong=pl.col("answer_id").filter(~right).first(),
        right_tokens=pl.col("completion_tokens").filter(right).first().fill_null(0),
        wrong_tokens=pl.col("completion_tokens").filter(~right).first().fill_null(0),
    )
    sides = {
        role: told.filter(pl.col("role") == role)
        .drop("role")
        .rename({name: f"{name}_{role}" for name in told.columns if name not in ("problem_id", "role")})
        for role in (STUDENT, BASE)
    }
    return sides[STUDENT].join(sides[BASE], on="problem_id")
