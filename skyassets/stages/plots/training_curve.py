"""Training curves: small multiples over the optimiser steps, as one SVG. matplotlib is loaded on first use."""

import math
from typing import Any

import polars as pl

from skyassets.stages.plots.figures import OTHER, svg

POINTS = 160
"""Approximate number of points in a panel: about its width in pixels, and few enough for a small file."""
PANELS = {
    "loss": ("loss, nats per token", False),
    "learning_rate": ("learning rate", True),
    "grad_norm": ("gradient norm", True),
    "speed": ("tokens per second", True),
    "mfu": ("MFU, percent", True),
    "memory_gb": ("peak memory, GB", True),
}
"""Each panel's column, its title, and whether its axis begins at 0."""


def training_curve(rows: pl.DataFrame) -> str:
    """The curves of a training run, from the `checkpoint` table; columns that were not measured have no panel.

    MFU (model FLOPs utilization) is the share of the device's peak FLOPs that the model's own operations used.
    """
    return _panels(training_points(rows))


def training_points(rows: pl.DataFrame) -> dict[str, list[tuple[int, float]]]:
    """The (step, value) points of each measured column of PANELS, thinned for plotting."""
    steps = (
        rows.filter(pl.col("kind") == "step")
        .sort("step")
        .with_columns(
            speed=pl.when(pl.col("seconds") > 0).then(pl.col("tokens") / pl.col("seconds")),
            mfu=100 * pl.col("mfu"),
        )
    )
    return {column: points for column in PANELS if (points := _points(steps, column))}


def thinned(points: list[tuple[int, float]], most: int = POINTS) -> list[tuple[int, float]]:
    """About `most` of the points, in order: the lowest and the highest of each stretch of steps, and both ends."""
    if len(points) <= most:
        return points
    stretch = math.ceil(2 * len(points) / most)
    extremes = {points[0], points[-1]}
    for start in range(0, len(points), stretch):
        part = points[start : start + stretch]
        extremes |= {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
    return sorted(extremes)


def _points(steps: pl.DataFrame, column: str) -> list[tuple[int, float]]:
    measured = steps.select("step", pl.col(column).cast(pl.Float64)).drop_nulls()
    return thinned([(step, value) for step, value in measured.iter_rows() if math.isfinite(value)])


def _panels(panels: dict[str, list[tuple[int, float]]]) -> str:
    from matplotlib.figure import Figure

    columns = 3 if len(panels) > 4 else 2
    lines = max(1, math.ceil(len(panels) / columns))
    figure = Figure(figsize=(6.4, 0.3 + 1.4 * lines), layout="constrained")
    axes_of_panels = list(figure.subplots(lines, columns, squeeze=False, sharex=True).flat)
    for axes, (column, points) in zip(axes_of_panels, panels.items(), strict=False):
        _panel(axes, *PANELS[column], points)
    for axes in axes_of_panels[len(panels) - columns : len(panels)]:
        axes.tick_params(labelbottom=True)
    for axes in axes_of_panels[len(panels) :]:
        axes.remove()
    figure.supxlabel("optimiser step", fontsize=8)
    return svg(figure)


def _panel(axes: Any, title: str, from_zero: bool, points: list[tuple[int, float]]) -> None:
    axes.plot(*zip(*points, strict=True), color=OTHER, linewidth=0.9, marker="." if len(points) < 30 else "")
    axes.set_title(title, fontsize=8)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=7)
    axes.locator_params(nbins=4)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    highest = max(value for _, value in points)
    if from_zero and highest > 0:
        axes.set_ylim(0, 1.08 * highest)
