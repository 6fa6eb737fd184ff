"""Majority voting: what the samples of an item say together (self-consistency, Wang et al. 2023, arXiv 2203.11171)."""

from fractions import Fraction

import polars as pl

from skyassets.core.ports import Verdict
from skyassets.stages.equivalence.compare import LONGEST
from skyassets.stages.equivalence.latex import tidy
from skyassets.stages.equivalence.number import quantity

LONGEST_TIDIED = 200
"""Longer answers are votes for their own letters: nobody states a number so."""


def votes(answers: pl.LazyFrame, mode: str, keys: list[str]) -> pl.DataFrame:
    """The score of each item's vote under `mode` (strict or lenient), by `keys`, in the column `score`.

    A vote is a judged sample with an answer. Right ones vote together, for the graders have found them equal to one
    reference; wrong ones vote together when they read alike, or are one number. A sample without an answer abstains,
    and an item on which all abstain is wrong. Nobody votes for what nobody could judge.

    The score is the share of right ones among the answers with the most votes: what drawing lots among them would give
    on average, so that it hangs neither on an order nor on dice.
    """
    said, verdict = pl.col(f"{mode}_answer"), pl.col(mode)
    is_right = verdict == Verdict.CORRECT.value
    judged = answers.filter(verdict != Verdict.UNJUDGED.value)
    counted = (
        judged.with_columns(said=pl.when(is_right).then(None).otherwise(said), is_right=is_right)
        .group_by(*keys, "is_right", "said")
        .agg(votes=pl.len())
        .collect()
    )
    names = counted.filter(~pl.col("is_right"))["said"].drop_nulls().unique()
    spelled = pl.DataFrame({"said": names, "name": [alike(each) for each in names]}, schema=_NAMES)
    parties = (
        counted.join(spelled, on="said", how="left", maintain_order="none")
        .group_by(*keys, "is_right", "name")
        .agg(pl.col("votes").sum())
        .with_columns(votes=pl.when(pl.col("is_right") | pl.col("name").is_not_null()).then("votes").otherwise(0))
    )
    is_first = pl.col("votes") == pl.col("votes").max()
    won = (is_first & pl.col("is_right") & (pl.col("votes") > 0)).sum() / is_first.sum()
    return parties.group_by(keys).agg(score=won)


_NAMES = {"said": pl.String(), "name": pl.String()}


def alike(answer: str) -> str:
    """What is the same for two answers that read alike: the number an answer is, else its letters without dressing."""
    if answer.isdecimal():
        return str(int(answer)) if len(answer) < LONGEST_TIDIED else answer
    if len(answer) > min(LONGEST, LONGEST_TIDIED):
        return answer.strip()
    tidied = tidy(answer)
    found = quantity(tidied)
    if found is None or found.unit is not None:
        return tidied.casefold()
    value: Fraction = found.value
    return str(value)
