"""The thumbnail of each table, scores inline in the asset's page. `thumbnail` draws the marks."""

from collections.abc import Callable

import polars as pl

from skyassets.core.tables.declarations import (
    ANSWERS,
    BENCHMARK_PROBLEMS,
    CHECKPOINT,
    EXAMPLES,
    PROBLEMS,
    REPORTS,
    REWRITES,
    TRACES,
    VERDICTS,
)
from skyassets.stages.evaluation.metrics import EVERY
from skyassets.stages.plots import thumbnail
from skyassets.stages.plots.figures import COLOURS, OTHER

ONE_COLOUR = {"": OTHER}
VERDICT_COLOURS = {name: COLOURS[name] for name in ("correct", "wrong", "unjudged")}
OTHER_MODEL = "#7b5ea7"


def problems(rows: pl.DataFrame) -> str:
    """Number of usable problems by family."""
    usable = rows.filter(pl.col("set_aside").is_null())
    return _counted("usable problems by family", usable["family"].fill_null("none"))


def traces(rows: pl.DataFrame) -> str:
    """Histogram of trace lengths."""
    return thumbnail.histogram(
        "completion tokens of the traces", rows["completion_tokens"].drop_nulls().to_list(), OTHER
    )


def rewrites(rows: pl.DataFrame) -> str:
    """Number of traces that were rewritten, and of failures by reason."""
    return _counted("rewrites", rows["failed"].fill_null("rewritten"))


def verdicts(rows: pl.DataFrame) -> str:
    """Verdicts on traces and on rewrites."""
    return _verdicts("verdicts: correct, wrong, unjudged", rows, "subject", "verdict")


def examples(rows: pl.DataFrame) -> str:
    """Number of rewrites kept, and dropped by reason."""
    return _counted("rewrites: kept, or why dropped", rows["dropped_by"].fill_null("kept"))


def checkpoint(rows: pl.DataFrame) -> str:
    """The loss by step."""
    steps = rows.filter(kind="step").sort("step")
    return thumbnail.curve("loss by step", steps["loss"].drop_nulls().to_list(), OTHER)


def answers(rows: pl.DataFrame) -> str:
    """Lenient verdicts of every evaluated model."""
    return _verdicts("lenient verdicts: correct, wrong, unjudged", rows, "role", "lenient")


def reports(rows: pl.DataFrame) -> str:
    """Lenient accuracy with its 95% interval, by benchmark and role."""
    scores = rows.filter(
        pl.col("by") == EVERY, pl.col("metric") == "lenient accuracy", ~pl.col("role").str.contains(" - ", literal=True)
    ).drop_nulls(["value", "low", "high"])
    lines = [
        (f"{benchmark} {role}", COLOURS.get(role, OTHER_MODEL), value, low, high)
        for benchmark, role, value, low, high in scores.select("benchmark", "role", "value", "low", "high").iter_rows()
    ]
    return thumbnail.intervals("lenient accuracy with 95% interval, 0 to 1", lines)


THUMBNAILS: dict[str, Callable[[pl.DataFrame], str]] = {
    PROBLEMS.name: problems,
    BENCHMARK_PROBLEMS.name: problems,
    TRACES.name: traces,
    REWRITES.name: rewrites,
    VERDICTS.name: verdicts,
    EXAMPLES.name: examples,
    CHECKPOINT.name: checkpoint,
    ANSWERS.name: answers,
    REPORTS.name: reports,
}
"""Asset to its thumbnail function."""


def _counted(title: str, names: pl.Series) -> str:
    counts = names.value_counts(sort=True)
    return thumbnail.bars(title, {str(name): {"": count} for name, count in counts.iter_rows()}, ONE_COLOUR)


def _verdicts(title: str, rows: pl.DataFrame, row: str, verdict: str) -> str:
    counts = rows.group_by(row, verdict).len().sort(row)
    lines: dict[str, dict[str, int]] = {}
    for name, value, count in counts.iter_rows():
        lines.setdefault(str(name), {})[str(value)] = count
    return thumbnail.bars(title, lines, VERDICT_COLOURS)
