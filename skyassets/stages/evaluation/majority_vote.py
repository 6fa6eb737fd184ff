"""Majority voting over the samples of an item (self-consistency, Wang et al. 2023, arXiv 2203.11171)."""

from fractions import Fraction

import polars as pl

from skyassets.core.ports import Verdict
from skyassets.stages.equivalence.compare import LONGEST
from skyassets.stages.equivalence.latex import tidy
from skyassets.stages.equivalence.number import quantity

LONGEST_TIDIED = 200
"""Longer answers are compared as text: numbers are not that long."""


def votes(answers: pl.LazyFrame, mode: str, keys: list[str]) -> pl.DataFrame:
    """Score each item's majority vote under `mode` (strict or lenient), by `keys`, in the column `score`.

    Each judged sample with an answer is a vote. Correct answers form one group, because the graders found them equal
    to one reference; wrong answers are grouped when their normalized texts or numbers are equal. A sample without an
    answer abstains, and an item on which all abstain is wrong. Unjudged samples are ignored.

    The score is the share of correct answers among those with the most votes: the expected score if ties were broken
    at random, so it depends neither on row order nor on a seed.
    """
    answer, verdict = pl.col(f"{mode}_answer"), pl.col(mode)
    is_right = verdict == Verdict.CORRECT.value
    judged = answers.filter(verdict != Verdict.UNJUDGED.value)
    counted = (
        judged.with_columns(answer=pl.when(is_right).then(None).otherwise(answer), is_right=is_right)
        .group_by(*keys, "is_right", "answer")
        .agg(votes=pl.len())
        .collect()
    )
    names = counted.filter(~pl.col("is_right"))["answer"].drop_nulls().unique()
    keys_of_answers = pl.DataFrame({"answer": names, "name": [alike(each) for each in names]}, schema=_NAMES)
    groups = (
        counted.join(keys_of_answers, on="answer", how="left", maintain_order="none")
        .group_by(*keys, "is_right", "name")
        .agg(pl.col("votes").sum())
        .with_columns(votes=pl.when(pl.col("is_right") | pl.col("name").is_not_null()).then("votes").otherwise(0))
    )
    is_first = pl.col("votes") == pl.col("votes").max()
    won = (is_first & pl.col("is_right") & (pl.col("votes") > 0)).sum() / is_first.sum()
    return groups.group_by(keys).agg(score=won)


_NAMES = {"answer": pl.String(), "name": pl.String()}


def alike(answer: str) -> str:
    """A key that is equal for equivalent answers: the number an answer is, else its normalized text."""
    if answer.isdecimal():
        return str(int(answer)) if len(answer) < LONGEST_TIDIED else answer
    if len(answer) > min(LONGEST, LONGEST_TIDIED):
        return answer.strip()
    tidied = tidy(answer)
    number = quantity(tidied)
    if number is None or number.unit is not None:
        return tidied.casefold()
    value: Fraction = number.value
    return str(value)
