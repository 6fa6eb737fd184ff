"""Item scores: the samples of one item by one model, aggregated. Works on columns only; no answer text is read."""

from collections.abc import Sequence

import polars as pl

from skyassets.core.ports import Verdict
from skyassets.stages.evaluation.majority_vote import votes
from skyassets.stages.grading.judge import CODE

READ = (
    "epoch_name", "benchmark", "problem_id", "family", "level", "domain", "role", "model", "checkpoint_id",
    "finish_reason", "completion_tokens", "strict", "strict_answer", "lenient", "lenient_answer", "error",
)  # fmt: skip
"""The columns of an answer that scores need; its text is not among them."""
ITEM = ["benchmark", "role", "problem_id"]
MODES = ("strict", "lenient")
CUT = "length"
"""The finish reason of an answer that was cut by the token limit."""


def item_scores(answers: pl.LazyFrame) -> pl.DataFrame:
    """One row per benchmark, role and problem_id, sorted in that order, from `benchmark_answers`.

    | column | meaning |
    | --- | --- |
    | samples | answers requested |
    | answered | answers received |
    | strict, lenient | share of judged samples that are correct; null if none was judged |
    | strict_judged, strict_right, and likewise for lenient | number of judged samples, and of correct ones |
    | strict_majority, lenient_majority | majority vote score; null for one sample, for code, and if none was judged |
    | finished, truncated | share of received answers that ended by themselves, or were cut by the token limit |
    | unjudged | share of samples without a strict or a lenient verdict |
    | tokens | mean completion tokens of received answers |
    """
    answers = answers.select(READ)
    is_answered = pl.col("error").is_null()
    counts = [
        each
        for mode in MODES
        for is_judged, is_right in [(pl.col(mode) != Verdict.UNJUDGED.value, pl.col(mode) == Verdict.CORRECT.value)]
        for each in (
            is_judged.sum().alias(f"{mode}_judged"),
            is_right.sum().alias(f"{mode}_right"),
            is_right.filter(is_judged).mean().alias(mode),
        )
    ]
    one_of = [pl.col(name).first() for name in ("epoch_name", "family", "level", "domain", "model", "checkpoint_id")]
    scores = (
        answers.group_by(ITEM)
        .agg(
            *one_of,
            pl.len().alias("samples"),
            is_answered.sum().alias("answered"),
            *counts,
            (pl.col("finish_reason") == "stop").filter(is_answered).mean().alias("finished"),
            (pl.col("finish_reason") == CUT).filter(is_answered).mean().alias("truncated"),
            (pl.any_horizontal(pl.col(mode) == Verdict.UNJUDGED.value for mode in MODES)).mean().alias("unjudged"),
            pl.col("completion_tokens").filter(is_answered).mean().alias("tokens"),
        )
        .collect()
        .with_columns(pl.col("samples", "answered", *_counts()).cast(pl.Int64()))
    )
    for mode in MODES:
        scores = _with_vote(scores, answers, mode)
    return scores.sort(ITEM)


def _with_vote(scores: pl.DataFrame, answers: pl.LazyFrame, mode: str) -> pl.DataFrame:
    voted = votes(answers.filter(pl.col("domain") != CODE), mode, ITEM).rename({"score": f"{mode}_majority"})
    joined = scores.join(voted, on=ITEM, how="left", maintain_order="left")
    score = pl.when(pl.col("samples") > 1).then(f"{mode}_majority").alias(f"{mode}_majority")
    return joined.with_columns(score)


def _counts() -> Sequence[str]:
    return [f"{mode}_{what}" for mode in MODES for what in ("judged", "right")]
