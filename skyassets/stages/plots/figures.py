"""Figures: one small SVG per table. matplotlib is loaded on first use."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from skyassets.stages.curation.waterfall import by_domain
from skyassets.stages.evaluation.metrics import ACCURACIES, EVERY
from skyassets.stages.evaluation.scores import VERSUS
from skyassets.stages.sampling.usage import Usage, quantile

COLOURS = {"correct": "#2a9d8f", "wrong": "#e76f51", "unjudged": "#adb5bd", "base": "#8d99ae", "student": "#1d6fb8"}
OTHER = "#1d6fb8"
ROLE_COLOURS = (OTHER, "#e9a03b")
BINS = 24


def problems(rows: pl.DataFrame) -> str:
    """Number of usable problems by family."""
    counts = rows.filter(pl.col("set_aside").is_null())["family"].value_counts(sort=True)
    return _bars("problems by family", dict(counts.iter_rows()))


def traces(rows: pl.DataFrame) -> str:
    """Histogram of trace lengths, by finish reason."""
    figure, axes = _axes("completion tokens by finish reason")
    lengths = {
        str(reason): part["completion_tokens"].drop_nulls().to_list()
        for (reason,), part in rows.group_by("finish_reason", maintain_order=True)
    }
    axes.hist(list(lengths.values()), bins=30, stacked=True, label=list(lengths))
    axes.set_xlabel("tokens")
    axes.legend(frameon=False)
    return svg(figure)


def calls(usages: Mapping[str, Usage]) -> str:
    """Histograms of call durations and answer lengths, by role, with the median and the 95th percentile."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 2.4), layout="constrained")
    for axes, title, values in zip(
        figure.subplots(1, 2),
        ("seconds per call", "completion tokens per call"),
        (
            {role: usage.seconds for role, usage in usages.items()},
            {role: usage.lengths for role, usage in usages.items()},
        ),
        strict=True,
    ):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(title, fontsize=10)
        _histogram(axes, {role: list(numbers) for role, numbers in values.items() if numbers})
    return svg(figure)


def rewrites(rows: pl.DataFrame) -> str:
    """Number of traces that were rewritten, and of failures by reason."""
    outcome = rows.select(pl.col("failed").fill_null("rewritten"))["failed"].value_counts(sort=True)
    return _bars("rewrites", dict(outcome.iter_rows()))


def verdicts(rows: pl.DataFrame) -> str:
    """Verdicts on traces and on rewrites."""
    return _stacked("verdicts", rows.group_by("subject", "verdict").len(), "subject", "verdict")


def waterfall(rows: pl.DataFrame, rules: Sequence[str]) -> str:
    """Waterfall from all rewrites to the kept ones, by curation rule in order, coloured by domain."""
    lines = {line: counts for line, counts in by_domain(rows, rules).items() if sum(counts.values())}
    domains = sorted(rows["domain"].unique())
    figure, axes = _axes("from rewrites to examples", height=1.2 + 0.28 * len(lines))
    left = rows.height
    for position, (line, counts) in enumerate(lines.items()):
        total = sum(counts.values())
        start = left - total if line in rules else 0
        left = start if line in rules else left
        for number, domain in enumerate(domains):
            width = counts[domain]
            axes.barh(position, width, left=start, color=f"C{number}", label=domain if position == 0 else None)
            start += width
        axes.annotate(f"{total:,}", (start, position), xytext=(3, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(len(lines)), list(lines))
    axes.invert_yaxis()
    axes.margins(x=0.1)
    if len(domains) > 1:
        axes.legend(frameon=False, ncols=len(domains), loc="upper center", bbox_to_anchor=(0.5, -0.1))
    return svg(figure)


def answers(rows: pl.DataFrame) -> str:
    """Lenient verdicts of every evaluated model."""
    return _stacked("lenient verdicts", rows.group_by("role", "lenient").len(), "role", "lenient")


def scores(rows: pl.DataFrame) -> str:
    """Strict and lenient accuracy of every model on each benchmark, with 95% intervals."""
    is_one = ~pl.col("role").str.contains(VERSUS, literal=True)
    selected = rows.filter(pl.col("by") == EVERY, is_one, pl.col("metric").is_in(ACCURACIES))
    roles = sorted(selected["role"].unique(), key=lambda role: (role not in COLOURS, role))
    places = [(name, metric) for (name, metric), _ in selected.group_by("benchmark", "metric", maintain_order=True)]
    figure, axes = _axes("accuracy with 95% intervals", height=1.0 + len(places) * (0.35 + 0.12 * len(roles)))
    for number, role in enumerate(roles):
        shift = 0.24 * (number - (len(roles) - 1) / 2) * 2 / max(len(roles), 2)
        part = {(row["benchmark"], row["metric"]): row for row in selected.filter(role=role).iter_rows(named=True)}
        for position, place in enumerate(places):
            row = part.get(place)
            if row is None or row["value"] is None:
                continue
            reach = [[row["value"] - row["low"]], [row["high"] - row["value"]]]
            label = role if position == 0 else None
            colour = COLOURS.get(role, f"C{number}")
            axes.errorbar(row["value"], position + shift, xerr=reach, fmt="o", color=colour, label=label)
    axes.set_yticks(range(len(places)), [f"{name}\n{metric}" for name, metric in places])
    axes.set_xlim(-0.02, 1.02)
    axes.invert_yaxis()
    axes.legend(frameon=False)
    return svg(figure)


def _histogram(axes: Any, values: Mapping[str, list[float]]) -> None:
    """Histogram of the values, on a logarithmic axis if they span more than a factor of ten."""
    every = sorted(value for numbers in values.values() for value in numbers)
    if not every:
        return
    low, high = max(every[0], every[-1] / 1e4, 1e-4), max(every[-1], 1e-3)
    is_wide = high > 10 * low
    step = (high / low) ** (1 / BINS) if is_wide else (high - low) / BINS
    edges = [low * step**position if is_wide else low + step * position for position in range(BINS + 1)]
    edges = sorted({min(edges[0], every[0]), *edges[1:-1], high}) if high > low else [0.99 * low, 1.01 * high]
    if is_wide:
        axes.set_xscale("log")
        axes.minorticks_off()
    for position, (role, numbers) in enumerate(values.items()):
        axes.hist(numbers, bins=edges, histtype="stepfilled", alpha=0.6, color=ROLE_COLOURS[position % 2], label=role)
    p50, p95 = quantile(every, 0.5), quantile(every, 0.95)
    for value, style in ((p50, "-"), (p95, ":")):
        axes.axvline(value, color="#333333", linestyle=style, linewidth=1)
    quantiles = [f"{value:,.0f}" if value >= 100 else f"{value:.3g}" for value in (p50, p95)]
    axes.set_xlabel(f"median {quantiles[0]}, 95th percentile {quantiles[1]}")
    axes.set_ylabel("calls")
    axes.yaxis.get_major_locator().set_params(integer=True)
    if len(values) > 1:
        axes.legend(frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, -0.25))


def _bars(title: str, counts: Mapping[str, int]) -> str:
    figure, axes = _axes(title, height=0.9 + 0.28 * max(len(counts), 1))
    names = [name if len(name) < 48 else f"{name[:45]}..." for name in counts]
    bars = axes.barh(range(len(counts)), list(counts.values()), color=OTHER)
    axes.set_yticks(range(len(counts)), names)
    axes.bar_label(bars, padding=3)
    axes.invert_yaxis()
    return svg(figure)


def _stacked(title: str, counts: pl.DataFrame, row: str, part: str) -> str:
    figure, axes = _axes(title, height=1.6)
    names = sorted(counts[row].unique())
    start = [0] * len(names)
    for verdict in ("correct", "wrong", "unjudged"):
        count_of = dict(counts.filter(pl.col(part) == verdict).select(row, "len").iter_rows())
        width = [count_of.get(name, 0) for name in names]
        axes.barh(names, width, left=start, color=COLOURS[verdict], label=verdict)
        start = [a + b for a, b in zip(start, width, strict=True)]
    axes.legend(frameon=False, ncols=3, loc="upper center", bbox_to_anchor=(0.5, -0.15))
    return svg(figure)


def _axes(title: str, height: float = 2.6) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, height), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def svg(figure: Any) -> str:
    """The text of a matplotlib figure as SVG."""
    import matplotlib as mpl

    text = io.StringIO()
    # No date and fixed ids, so that the same rows give the same SVG. Text as text takes a tenth of the size of paths.
    with mpl.rc_context({"svg.hashsalt": "skyassets", "svg.fonttype": "none", "font.size": 8}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()
