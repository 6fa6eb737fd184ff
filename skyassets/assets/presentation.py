"""What an asset's page shows of the rows of a new table: a thumbnail, a chart and a preview."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from skyassets.core.tables import declarations as tables
from skyassets.core.tables.declarations import Table
from skyassets.project.project import Project
from skyassets.stages.plots import figures
from skyassets.stages.plots.thumbnail import as_markdown
from skyassets.stages.plots.thumbnails import THUMBNAILS
from skyassets.stages.plots.training_curve import training_curve

THUMBNAIL = "at a glance"
"""Metadata key of the thumbnail, which the UI shows inline."""
CHART = "picture"
"""Metadata key of the chart, which the UI shows on a click."""
PREVIEW = "preview"
PREVIEW_ROWS = 2
LONGEST_CELL = 60
LONGEST_WORD = 20
"""Text only wraps at spaces; a longer word would make the table too wide."""
NOT_CHARTED = ("text", "question", "ground_truth", "tests", "starter_code", "references", "imported_trace")
"""Columns that no chart needs and that may be larger than memory."""
CHARTS: dict[str, Callable[[pl.DataFrame], str]] = {
    tables.PROBLEMS.name: figures.problems,
    tables.BENCHMARK_PROBLEMS.name: figures.problems,
    tables.TRACES.name: figures.traces,
    tables.REWRITES.name: figures.rewrites,
    tables.VERDICTS.name: figures.verdicts,
    tables.CHECKPOINT.name: training_curve,
    tables.ANSWERS.name: figures.answers,
    tables.REPORTS.name: figures.scores,
}


def presentation(project: Project, table: Table, path: Path) -> dict[str, object]:
    """The thumbnail, the chart and the preview of the rows at `path`, as metadata."""
    rows = pl.scan_parquet(path)
    charted = rows.drop(NOT_CHARTED, strict=False).collect()
    if table is tables.EXAMPLES:
        chart = figures.waterfall(charted, project.recipe.curation.drop_reasons)
    else:
        chart = CHARTS[table.name](charted)
    return {
        THUMBNAIL: as_markdown(THUMBNAILS[table.name](charted)),
        CHART: chart,
        PREVIEW: preview(rows.head(PREVIEW_ROWS).collect()),
    }


def preview(frame: pl.DataFrame) -> list[dict[str, str]]:
    """The first rows, transposed: one line per column, long texts shortened."""
    rows = frame.head(PREVIEW_ROWS).rows()
    return [
        {"column": name, **{f"row {number}": shortened(row[place]) for number, row in enumerate(rows, 1)}}
        for place, name in enumerate(frame.columns)
    ]


def shortened(value: object) -> str:
    """A value as a short text."""
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    words = (word if len(word) <= LONGEST_WORD else f"{word[: LONGEST_WORD - 1]}…" for word in text.split())
    text = " ".join(words)
    return text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
