"""The report: scores of every model on every benchmark and its parts, with intervals and paired comparisons."""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from skyassets.core.identity import canonical_json, digest
from skyassets.core.tables.declarations import REPORTS
from skyassets.core.tables.store import StageResult
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.metrics import (
    ACCURACIES,
    EVERY,
    TOKENS,
    BenchmarkScores,
    ModelScores,
    Part,
    benchmark_scores,
)
from skyassets.stages.statistics.estimates import Estimate
from skyassets.stages.statistics.intervals import mean_interval, share_interval
from skyassets.stages.statistics.paired import difference

BASE, STUDENT = "base", "student"
VERSUS = " - "
GAIN = f"{STUDENT}{VERSUS}{BASE}"

Row = dict[str, object]


def report(
    scores: pl.DataFrame,
    benchmarks: Sequence[Benchmark],
    made_with: Mapping[str, object],
    contaminated: Mapping[str, str],
) -> StageResult:
    """One row per benchmark, part, role and metric, from `item_scores`; `made_with` is the manifest.

    An item counts once, however many samples it has. For a whole benchmark every metric is reported and compared for
    each pair of models; for its parts the accuracies and the headline metric are reported, and the student is compared
    with its base. `contaminated` maps items found in the training set to the evidence; a benchmark with such items is
    also reported separately for contaminated and clean items.
    """
    evidence = canonical_json(made_with)
    rows: list[Row] = []
    for benchmark in benchmarks:
        rows_of_benchmark = scores.filter(pl.col("benchmark") == benchmark.name)
        if rows_of_benchmark.height:
            measured = benchmark_scores(rows_of_benchmark, benchmark, contaminated)
            rows += [{**row, "made_with": evidence} for row in _rows(measured, benchmark.metric)]
    compared = [row for row in rows if row["p_value"] is not None]
    items = scores["problem_id"].unique()
    metadata: dict[str, object] = {
        "comparisons": len(compared),
        "comparisons with p below 0.05": sum(float(str(row["p_value"])) < 0.05 for row in compared),
        "items found in the training set": f"{items.is_in(list(contaminated)).sum()} of {items.len()}",
    }
    return StageResult(REPORTS.frame(rows), metadata)


def pairs(roles: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs to compare, first minus second: student and base, and each contender with both."""
    others = [role for role in roles if role not in (BASE, STUDENT)]
    candidates = [
        (STUDENT, BASE), *((STUDENT, other) for other in others), *((other, BASE) for other in others)
    ]  # fmt: skip
    return [(one, other) for one, other in candidates if one in roles and other in roles]


def _rows(measured: BenchmarkScores, headline: str) -> Iterator[Row]:
    for part in measured.parts:
        is_whole = part.by == EVERY
        metrics = [name for name in measured.metrics if is_whole or name in (*ACCURACIES, headline)]
        for metric in metrics:
            for role, model in measured.models.items():
                yield _row(measured, part, role, metric, model.checkpoint_id, _score(model, metric, part))
        for one, other in pairs(list(measured.models)):
            is_gain = (one, other) == (STUDENT, BASE)
            for metric in metrics if is_whole else [headline] if is_gain and headline in metrics else []:
                first, second = measured.models[other], measured.models[one]
                checkpoint = first.checkpoint_id or second.checkpoint_id
                estimate = _comparison(first, second, metric, part)
                yield _row(measured, part, f"{one}{VERSUS}{other}", metric, checkpoint, estimate)


def _score(model: ModelScores, metric: str, part: Part) -> tuple[Estimate, int, int]:
    """The estimate, the number of answers it is based on, and the number of items left out."""
    import numpy as np

    scores = model.scores[metric]
    has_score = part.items & ~np.isnan(scores)
    total, n = int(model.answers[metric][has_score].sum()), int(has_score.sum())
    left_out = int((part.items & ~has_score & model.incomplete).sum())
    if metric == TOKENS:
        return mean_interval(scores[has_score]), total, left_out
    return share_interval(scores[has_score], total / n if n else 1.0), total, left_out


def _comparison(first: ModelScores, second: ModelScores, metric: str, part: Part) -> tuple[Estimate, int, int]:
    """Like `_score`, for second minus first, on the items that both have."""
    import numpy as np

    has_score = part.items & ~np.isnan(first.scores[metric]) & ~np.isnan(second.scores[metric])
    left_out = part.items & ~has_score & (first.incomplete | second.incomplete)
    total = int(first.answers[metric][has_score].sum() + second.answers[metric][has_score].sum())
    pair = first.scores[metric][has_score], second.scores[metric][has_score]
    estimate = difference(*pair, is_share=metric != TOKENS)
    return estimate, total, int(left_out.sum())


def _row(
    measured: BenchmarkScores,
    part: Part,
    role: str,
    metric: str,
    checkpoint_id: str | None,
    result: tuple[Estimate, int, int],
) -> Row:
    estimate, answers, left_out = result
    return {
        "report_id": digest("report", measured.epoch, measured.name, part.by, part.name, role, metric),
        "epoch_name": measured.epoch,
        "benchmark": measured.name,
        "by": part.by,
        "part": part.name,
        "role": role,
        "metric": metric,
        "n": estimate.n,
        "samples": answers,
        "value": estimate.value,
        "low": estimate.low,
        "high": estimate.high,
        "method": estimate.method,
        "p_value": estimate.p_value,
        "won": estimate.won,
        "lost": estimate.lost,
        "unjudged": left_out,
        "checkpoint_id": checkpoint_id,
    }
