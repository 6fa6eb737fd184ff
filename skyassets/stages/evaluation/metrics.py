"""One benchmark's item scores as arrays: every metric of every model, aligned by item, and the parts of the benchmark.

A missing score (an unjudged item, too few samples) is NaN and is left out of every statistic.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.item_scores import MODES
from skyassets.stages.grading.judge import CODE
from skyassets.stages.statistics.estimates import pass_at_k

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]
    Mask = NDArray[np.bool_]

EVERY = "all"
"""The value of both `by` and `part` for the whole benchmark."""
TRAINING_SET = "training set"
CLEAN, CONTAMINATED = "clean", "contaminated"
TOKENS = "completion tokens"
"""The only metric that is not a share."""
FINISHED, TRUNCATED, UNJUDGED = "finished", "truncated", "unjudged"
ACCURACIES = tuple(f"{mode} accuracy" for mode in MODES)
JUDGED = tuple(f"{mode}_judged" for mode in MODES)


@dataclass(frozen=True)
class Metric:
    """A metric: how to compute an item's score from its columns, and how many answers it is based on."""

    name: str
    score: pl.Expr
    answers: str
    """The column that holds the number of answers."""


@dataclass(frozen=True)
class Part:
    """A subset of the items."""

    by: str
    name: str
    items: "Mask"


@dataclass(frozen=True)
class ModelScores:
    """One model's results: per metric, the score of each item and the number of answers behind it, in item order."""

    checkpoint_id: str | None
    scores: Mapping[str, "Scores"]
    answers: Mapping[str, "Scores"]
    incomplete: "Mask"
    """Items with an unjudged sample or a missing answer."""


@dataclass(frozen=True)
class BenchmarkScores:
    """All results of one benchmark."""

    name: str
    epoch: str
    metrics: tuple[str, ...]
    models: Mapping[str, ModelScores]
    """Results by role."""
    parts: tuple[Part, ...]


def benchmark_scores(scores: pl.DataFrame, benchmark: Benchmark, contaminated: Mapping[str, str]) -> BenchmarkScores:
    """Results of one benchmark from its rows of `item_scores`; `contaminated` maps items to their evidence."""
    items = scores.group_by("problem_id").agg(pl.col("family", "level").first()).sort("problem_id")
    metrics = _metrics(scores, benchmark)
    models = {}
    for (role,), rows in scores.sort("role").group_by("role", maintain_order=True):
        aligned = items.select("problem_id").join(rows, on="problem_id", how="left", maintain_order="left")
        columns = aligned.select(
            *(metric.score.cast(pl.Float64()).alias(metric.name) for metric in metrics),
            *(pl.col(metric.answers).fill_null(0).cast(pl.Float64()).alias(f"{metric.name}\0") for metric in metrics),
            (pl.min_horizontal(*JUDGED) < pl.col("samples")).fill_null(value=True).alias("\0incomplete"),
        )
        models[str(role)] = ModelScores(
            rows["checkpoint_id"].drop_nulls().first(),  # type: ignore[arg-type]  # polars says PythonLiteral
            {metric.name: columns[metric.name].fill_null(float("nan")).to_numpy() for metric in metrics},
            {metric.name: columns[f"{metric.name}\0"].to_numpy() for metric in metrics},
            columns["\0incomplete"].to_numpy(),
        )
    epoch = str(scores["epoch_name"][0])
    return BenchmarkScores(
        benchmark.name, epoch, tuple(metric.name for metric in metrics), models, tuple(_parts(items, contaminated))
    )


def headlines(benchmark: Benchmark, samples: int) -> tuple[str, ...]:
    """The metrics that can be a benchmark's headline with this many samples: reported, and higher is better.

    Code has no majority vote.
    """
    passed = (_passing(mode, k) for k in benchmark.k if k > 1 for mode in MODES)
    voted = (_voting(mode, samples) for mode in MODES if samples > 1 and benchmark.source.domain != CODE)
    return (*ACCURACIES, *passed, *voted, FINISHED)


def _passing(mode: str, k: int) -> str:
    return f"{mode} pass@{k}"


def _voting(mode: str, samples: int) -> str:
    return f"{mode} maj@{samples}"


def _metrics(scores: pl.DataFrame, benchmark: Benchmark) -> list[Metric]:
    accuracies = zip(ACCURACIES, MODES, strict=True)
    metrics = [Metric(name, pl.col(mode), f"{mode}_judged") for name, mode in accuracies]
    for k in benchmark.k:
        if k > 1:
            metrics += [Metric(_passing(mode, k), _passed(scores, mode, k), f"{mode}_judged") for mode in MODES]
    samples = int(str(scores["samples"].max()))
    for mode in MODES:
        if scores[f"{mode}_majority"].count():
            metrics.append(Metric(_voting(mode, samples), pl.col(f"{mode}_majority"), f"{mode}_judged"))
    shares = [Metric(name, pl.col(name), "answered") for name in (FINISHED, TRUNCATED)]
    return [
        *metrics,
        *shares,
        Metric(UNJUDGED, pl.col(UNJUDGED), "samples"),
        Metric(TOKENS, pl.col("tokens"), "answered"),
    ]


def _passed(scores: pl.DataFrame, mode: str, k: int) -> pl.Expr:
    """pass@k of each item; null for an item with fewer than k judged samples."""
    counts = (f"{mode}_judged", f"{mode}_right")
    pairs = scores.select(counts).unique().filter(pl.col(counts[0]) >= k).rows()
    known = {f"{n} {right}": pass_at_k(n, right, k) for n, right in pairs}
    return pl.concat_str(*counts, separator=" ").replace_strict(known, default=None, return_dtype=pl.Float64())


def _parts(items: pl.DataFrame, contaminated: Mapping[str, str]) -> Iterator[Part]:
    """The whole benchmark and its parts. A split into a single part is skipped, because it equals the whole."""
    import numpy as np

    yield Part(EVERY, EVERY, np.ones(items.height, np.bool_))
    is_contaminated = items["problem_id"].is_in(list(contaminated))
    part = pl.when(is_contaminated).then(pl.lit(CONTAMINATED)).otherwise(pl.lit(CLEAN))
    splits = [("family", items["family"]), ("level", items["level"])]
    if is_contaminated.any():
        splits.append((TRAINING_SET, items.select(part.alias("part"))["part"]))
    for by, values in splits:
        names = values.drop_nulls().unique().sort().to_list()
        if len(names) > 1 or by == TRAINING_SET:
            for name in names:
                yield Part(by, str(name), (values == name).fill_null(value=False).to_numpy())
