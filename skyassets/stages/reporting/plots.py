"""The report's plots (intervals, curves, the waterfall) as coordinates on a width of 100, independent of rendering."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from skyassets.stages.evaluation.metrics import EVERY, TOKENS
from skyassets.stages.evaluation.scores import BASE, STUDENT
from skyassets.stages.reporting.scoreboard import Scoreboard, Scored
from skyassets.stages.reporting.wording import NOISE, figure, in_one_word, interval

WIDTH = 100.0
MARGIN = 2.0
"""Margin at both ends, so that dots there are not cut off."""
MOST_PARTS = 60
"""The most parts in a plot; the rest appear in the table only."""


@dataclass(frozen=True)
class Mark:
    """A dot with its interval; coordinates from 0 to WIDTH."""

    label: str
    value: float
    low: float
    high: float
    text: str
    """The value as text."""
    interval: str
    """The interval as text; empty if there is none."""
    style: str
    """base, student or other; noise for a difference that may be zero."""


@dataclass(frozen=True)
class IntervalPlot:
    """Dots with intervals on one scale."""

    title: str
    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    """Coordinate and label of each tick."""
    unit: str

    def __bool__(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self.marks)


@dataclass(frozen=True)
class CurvePlot:
    """A curve over the steps: points for an SVG polyline, in a square of side WIDTH."""

    title: str
    points: str
    low: str
    high: str
    steps: str


@dataclass(frozen=True)
class WaterfallPlot:
    """The waterfall: each line with its pieces (position, width, domain number) and its number of rows."""

    domains: tuple[str, ...]
    lines: tuple[tuple[str, tuple[tuple[float, float, int], ...], int], ...]

    def __bool__(self) -> bool:
        """Whether there is anything to draw."""
        return bool(self.lines)


def scores(board: Scoreboard, benchmark: str) -> IntervalPlot:
    """Every model on one benchmark, by its headline metric."""
    metric = board.headline(benchmark)
    scored = [(role, board.at(benchmark, role, metric)) for role in board.roles]
    return _plot(f"{benchmark}: {metric}", [(role, each, _style(role)) for role, each in scored], 0.0, 1.0, "percent")


def gains(board: Scoreboard) -> IntervalPlot:
    """The student's gain on each benchmark, by its headline metric."""
    scored = [(name, gain, NOISE if in_one_word(gain) == NOISE else STUDENT) for name, gain in board.gains()]
    ends = [abs(end) for _, gain, _ in scored for end in (gain.value, gain.low, gain.high) if end is not None]
    far = min(1.0, math.ceil(10 * max(ends, default=0.1) + 0.01) / 10)
    return _plot("Student minus base, by benchmark", scored, -far, far, "points", sign="+")


def parts(board: Scoreboard, benchmark: str, by: str) -> IntervalPlot:
    """Base and student on each part of a benchmark, by its headline metric."""
    metric = board.headline(benchmark)
    names = board.parts(benchmark, by)
    scored = [
        (f"{part}, {role}", board.at(benchmark, role, metric, by, part), _style(role))
        for part in names[: MOST_PARTS // 2]
        for role in (BASE, STUDENT)
    ]
    return _plot(f"{benchmark}: {metric} by {by}", scored if len(names) > 1 else [], 0.0, 1.0, "percent")


def tokens(board: Scoreboard, benchmark: str) -> IntervalPlot:
    """Mean answer length of every model."""
    scored = [(role, board.at(benchmark, role, TOKENS, EVERY, EVERY), _style(role)) for role in board.roles]
    ends = [end for _, each, _ in scored if each is not None for end in (each.value, each.high) if end is not None]
    most = max(ends, default=0.0)
    unit = 10 ** math.floor(math.log10(most)) if most > 0 else 1
    return _plot(f"{benchmark}: tokens per answer", scored, 0.0, math.ceil(most / unit) * unit or 1.0, "tokens")


def curves(columns: Mapping[str, Sequence[tuple[int, float]]]) -> tuple[CurvePlot, ...]:
    """The training curves, one plot per measured column."""
    return tuple(_curve(title, points) for title, points in columns.items() if len(points) > 1)


def waterfall(lines: Mapping[str, Mapping[str, int]], rules: Sequence[str]) -> WaterfallPlot:
    """The data set's waterfall, without the rules that dropped nothing."""
    domains = tuple(dict.fromkeys(domain for counts in lines.values() for domain in counts))
    every = max((sum(counts.values()) for counts in lines.values()), default=0)
    drawn = []
    left = every
    for line, counts in lines.items():
        total = sum(counts.values())
        if not total:
            continue
        start = left - total if line in rules else 0
        left = start if line in rules else left
        pieces = []
        for number, domain in enumerate(domains):
            if width := counts.get(domain, 0):
                pieces.append((WIDTH * start / every, WIDTH * width / every, number % 6))
                start += width
        drawn.append((line, tuple(pieces), total))
    return WaterfallPlot(domains, tuple(drawn))


def measured(value: float) -> str:
    """A value with four significant digits, or as an integer with commas from 1,000 on."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _plot(
    title: str, scored: Sequence[tuple[str, Scored | None, str]], start: float, end: float, unit: str, sign: str = ""
) -> IntervalPlot:
    def place(value: float) -> float:
        inside = min(max(value, start), end)
        return round(MARGIN + (WIDTH - 2 * MARGIN) * (inside - start) / (end - start), 3)

    marks = [
        Mark(
            label,
            place(each.value),
            place(each.value if each.low is None else each.low),
            place(each.value if each.high is None else each.high),
            figure(each, sign),
            interval(each, sign),
            style,
        )
        for label, each, style in scored
        if each is not None and each.value is not None
    ]
    scale = 1.0 if unit == "tokens" else 100.0
    values = [start + (end - start) * part / 4 for part in range(5)]
    figures = [f"{scale * value:{sign if value else ''},.0f}" for value in values]
    return IntervalPlot(title, tuple(marks), tuple(zip(map(place, values), figures, strict=True)), unit)


def _curve(title: str, points: Sequence[tuple[int, float]]) -> CurvePlot:
    first, last = points[0][0], points[-1][0]
    low, high = min(value for _, value in points), max(value for _, value in points)
    wide, tall = max(last - first, 1), (high - low) or 1.0
    drawn = " ".join(
        f"{WIDTH * (step - first) / wide:.2f},{WIDTH - (WIDTH * (value - low) / tall if high > low else WIDTH / 2):.2f}"
        for step, value in points
    )
    return CurvePlot(title, drawn, measured(low), measured(high), f"step {first:,} to {last:,}")


def _style(role: str) -> str:
    return role if role in (BASE, STUDENT) else "other"
