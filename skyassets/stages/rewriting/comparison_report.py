"""The report of a comparison of two rewriting methods, as a self-contained Markdown page."""

import math
from collections import Counter
from collections.abc import Iterator, Sequence

import polars as pl

from skyassets.core.identity import json_value
from skyassets.stages.markup.word_diff import changes, marked
from skyassets.stages.rewriting.comparison import (
    USABLE,
    OutcomeComparison,
    Side,
    Tries,
    compare_outcomes,
    most_informative,
)

SHOWN = 10
SIGNIFICANCE = 0.05


def page(recipe: str, seed: int, sides: tuple[Side, Side], tries: Tries) -> str:
    """The comparison as text, tables and the most informative pairs."""
    first, second = sides
    outcomes = compare_outcomes(*tries)
    return "\n".join(
        [
            f"# Rewriting: {first.name} against {second.name}",
            "",
            f"{tries[0].height} traces of the recipe {recipe}, drawn with seed {seed}; one try per trace and side.",
            "",
            verdict(sides, outcomes),
            "",
            *_table(["check", first.name, second.name, f"only {first.name}", f"only {second.name}", "p"], outcomes),
            "",
            "*only*: traces where one side passed and the other did not; *p*: McNemar's exact test on them, two-sided.",
            "",
            "## Cost",
            "",
            f"| | {first.name} | {second.name} |",
            "| --- | --- | --- |",
            *(f"| {what} | {one} | {other} |" for what, one, other in costs(tries)),
            "",
            "## What differs",
            "",
            *_settings(sides),
            "## Why rewrites failed",
            "",
            *_failures(sides, tries),
            "## Rewrites side by side",
            "",
            f"The most informative pairs; `[-{first.name}-]` `{{+{second.name}+}}`.",
            "",
            *_pairs(sides, tries),
        ]
    )


def verdict(sides: tuple[Side, Side], outcomes: Sequence[OutcomeComparison]) -> str:
    """A one-sentence conclusion about the two sides."""
    usable = next(one for one in outcomes if one.outcome == USABLE)
    shares = [f"{side.name} {passed} of {usable.rows}" for side, passed in zip(sides, usable.passed, strict=True)]
    rates = f"Usable rewrites: {shares[0]}, {shares[1]}"
    if usable.p_value < SIGNIFICANCE:
        better = sides[0] if usable.passed[0] > usable.passed[1] else sides[1]
        return f"{rates}; {better.name} is better (p = {usable.p_value:.2g})."
    return f"{rates}; no significant difference in {usable.rows} traces (p = {usable.p_value:.2g})."


def costs(tries: Tries) -> Iterator[tuple[str, str, str]]:
    """What each side used: the name, and the value for each side."""
    usable = pl.col(USABLE).sum()
    values = {
        "prompt tokens": pl.col("prompt_tokens").sum(),
        "completion tokens": pl.col("completion_tokens").sum(),
        "tokens per usable rewrite": pl.sum_horizontal(pl.col("prompt_tokens", "completion_tokens").sum()) / usable,
        "dollars": pl.col("dollars").sum(),
        "dollars per usable rewrite": pl.col("dollars").sum() / usable,
        "seconds per call": pl.col("seconds").mean(),
    }
    for name, value in values.items():
        one, other = (_number(rows.select(value.cast(pl.Float64())).item(), name) for rows in tries)
        yield name, one, other


def _number(value: float | None, name: str) -> str:
    if value is None or not math.isfinite(value):
        return "-"
    return f"{value:,.0f}" if "tokens" in name else f"{value:.4g}"


def _table(names: Sequence[str], outcomes: Sequence[OutcomeComparison]) -> list[str]:
    rows = [
        f"| {one.outcome} | {one.passed[0]} | {one.passed[1]} | {one.only[0]} | {one.only[1]} | {one.p_value:.2g} |"
        for one in outcomes
    ]
    return [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}", *rows]


def _settings(sides: tuple[Side, Side]) -> Iterator[str]:
    one, other = (_flat(json_value(side.rewriting)) for side in sides)
    for name in dict.fromkeys([*one, *other]):
        before, after = one.get(name, ""), other.get(name, "")
        if before != after:
            yield f"**{name}**"
            yield ""
            yield from _fenced(marked(changes(before, after)))


def _flat(value: object, name: str = "") -> dict[str, str]:
    if not isinstance(value, dict):
        return {name: str(value)}
    parts = [
        _flat(item, f"{name}.{key}" if name and key else key or f"{name} kind".strip()) for key, item in value.items()
    ]
    return {key: text for part in parts for key, text in part.items()}


def _failures(sides: tuple[Side, Side], tries: Tries) -> Iterator[str]:
    for side, rows in zip(sides, tries, strict=True):
        reasons = Counter(str(reason).partition(": ")[0] for reason in rows["failed"].drop_nulls())
        counts = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common()) or "none"
        yield f"- {side.name}: {counts}"
    yield ""


def _pairs(sides: tuple[Side, Side], tries: Tries) -> Iterator[str]:
    for one, other in most_informative(*tries, SHOWN):
        yield f"### Trace {one['trace_id']}"
        yield ""
        for side, row in zip(sides, (one, other), strict=True):
            yield f"- {side.name}: {'usable' if row[USABLE] else row['failed']}"
        yield ""
        yield from _fenced(str(one["question"]))
        yield from _fenced(marked(changes(str(one["text"] or ""), str(other["text"] or ""))))


def _fenced(text: str) -> list[str]:
    """`text` unchanged, in a fence longer than any fence in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    return [f"{fence}text", text, fence, ""]
