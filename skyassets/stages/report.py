"""The report: scores of every benchmark and family, base beside student, with intervals and a paired test."""

from collections.abc import Iterator
from itertools import product

import polars as pl

from skyassets.core.identity import digest, spelling
from skyassets.core.ports import Verdict
from skyassets.core.table_store import Made
from skyassets.core.tables import REPORTS
from skyassets.stages.statistics import Estimate, accuracy, difference

EVERY = "all"
"""The family that stands for the whole benchmark."""

GAIN = "student - base"
METRICS = {"strict accuracy": "strict", "lenient accuracy": "lenient", "finished": "finished"}


def report(answers: pl.DataFrame, made_with: dict[str, object]) -> Made:
    """One row a benchmark, family, role and metric; `made_with` says what made the numbers.

    An item's score is the share of its judged samples that are right, so that several samples of one item count as
    one item. Samples that nobody could judge are left out and counted apart.
    """
    marked = answers.with_columns(
        pl.when(pl.col("error").is_not_null())
        .then(pl.lit(Verdict.UNJUDGED.value))
        .when(pl.col("finish_reason") == "stop")
        .then(pl.lit(Verdict.CORRECT.value))
        .otherwise(pl.lit(Verdict.WRONG.value))
        .alias("finished")
    )
    evidence = spelling(made_with)
    rows = [
        {**row, "made_with": evidence}
        for benchmark, family, part in _parts(marked)
        for row in _scores(part, benchmark, family)
    ]
    return Made(REPORTS.frame(rows))


def _parts(answers: pl.DataFrame) -> Iterator[tuple[str, str, pl.DataFrame]]:
    for (benchmark,), part in answers.group_by("benchmark", maintain_order=True):
        yield str(benchmark), EVERY, part
        for (family,), piece in part.group_by("family", maintain_order=True):
            yield str(benchmark), str(family), piece


def _scores(part: pl.DataFrame, benchmark: str, family: str) -> Iterator[dict[str, object]]:
    roles = sorted(part["role"].unique())
    epoch = part["epoch_name"][0]
    checkpoint = part["checkpoint_id"].drop_nulls()
    for (metric, column), role in product(METRICS.items(), [*roles, GAIN]):
        if role == GAIN:
            if roles != ["base", "student"]:
                continue
            base, student = item_scores(part, "base", column), item_scores(part, "student", column)
            shared = sorted(base.keys() & student.keys())
            estimate = difference([base[item] for item in shared], [student[item] for item in shared])
            unjudged = 0
        else:
            estimate = accuracy(list(item_scores(part, role, column).values()))
            unjudged = part.filter(pl.col("role") == role, pl.col(column) == Verdict.UNJUDGED.value).height
        yield {
            "report_id": digest("report", epoch, benchmark, family, role, metric),
            "epoch_name": epoch,
            "benchmark": benchmark,
            "family": family,
            "role": role,
            "metric": metric,
            "checkpoint_id": None if role == "base" or checkpoint.is_empty() else checkpoint[0],
            "unjudged": unjudged,
            **_columns(estimate),
        }


def item_scores(part: pl.DataFrame, role: str, column: str) -> dict[str, float]:
    """Per problem, the share of a role's judged samples that are right; problems nobody could judge are not there."""
    judged = part.filter(pl.col("role") == role, pl.col(column) != Verdict.UNJUDGED.value)
    right = (pl.col(column) == Verdict.CORRECT.value).mean().alias("score")
    return dict(judged.group_by("problem_id").agg(right).sort("problem_id").iter_rows())


def _columns(estimate: Estimate) -> dict[str, object]:
    return {
        "n": estimate.n,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "method": estimate.method,
        "p_value": estimate.p_value,
    }
