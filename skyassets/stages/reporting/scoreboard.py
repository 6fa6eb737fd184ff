"""The scoreboard: the rows of `benchmark_reports` by key, in display order."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from skyassets.stages.evaluation.metrics import EVERY, TOKENS
from skyassets.stages.evaluation.scores import BASE, GAIN, STUDENT
from skyassets.stages.statistics.multiple import holm

HEADLINE = "strict accuracy"
"""The default headline metric of a benchmark."""
FIRST_METRICS = ("strict accuracy", "lenient accuracy", "strict pass@", "lenient pass@", "strict maj@", "lenient maj@")
LAST_METRICS = ("finished", "truncated", "unjudged", TOKENS)
LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Scored:
    """A row of `benchmark_reports`; shares are from 0 to 1, tokens are counts."""

    metric: str
    role: str
    n: int
    samples: int | None
    value: float | None
    low: float | None
    high: float | None
    method: str
    p_value: float | None
    won: int | None
    lost: int | None
    unjudged: int | None
    corrected_p: float | None = None
    """For a headline gain, the p-value corrected for all benchmarks of the report (Holm)."""

    @property
    def is_share(self) -> bool:
        """Whether the metric is shown in percent, and a difference in points."""
        return self.metric != TOKENS


ScoreKey = tuple[str, str, str, str, str]
"""Benchmark, by, part, role, metric."""


@dataclass(frozen=True)
class Scoreboard:
    """The rows of one report."""

    scored: Mapping[ScoreKey, Scored]
    benchmarks: tuple[str, ...]
    roles: tuple[str, ...]
    """Base, student, then the contenders in the recipe's order."""
    comparisons: tuple[str, ...]
    """Roles that name a pair of models, student minus base first."""
    headlines: Mapping[str, str]

    def at(self, benchmark: str, role: str, metric: str, by: str = EVERY, part: str = EVERY) -> Scored | None:
        """The row with this key; None if the report has none."""
        return self.scored.get((benchmark, by, part, role, metric))

    def headline(self, benchmark: str) -> str:
        """The benchmark's headline metric."""
        return self.headlines.get(benchmark, HEADLINE)

    def metrics(self, benchmark: str) -> list[str]:
        """The benchmark's metrics, the headline first."""
        names = {key[4] for key in self.scored if key[0] == benchmark and key[1] == EVERY}
        first = self.headline(benchmark)
        return sorted(names, key=lambda metric: (metric != first, _metric_order(metric)))

    def parts(self, benchmark: str, by: str) -> list[str]:
        """The benchmark's parts, sorted with easy before hard and 2 before 10."""
        return sorted({key[2] for key in self.scored if key[:2] == (benchmark, by)}, key=_part_order)

    def cuts(self, benchmark: str) -> list[str]:
        """The properties that the benchmark is split by."""
        return sorted({key[1] for key in self.scored if key[0] == benchmark} - {EVERY})

    def gains(self) -> list[tuple[str, Scored]]:
        """For each benchmark, the student's gain over its base by the headline metric."""
        gains = [(name, self.at(name, GAIN, self.headline(name))) for name in self.benchmarks]
        return [(name, scored) for name, scored in gains if scored is not None]


def scoreboard(reports: pl.DataFrame, headlines: Mapping[str, str], roles: Iterable[str]) -> Scoreboard:
    """Build the scoreboard from `benchmark_reports`; `headlines` and `roles` are in the recipe's order."""
    names = [name for name in Scored.__dataclass_fields__ if name != "corrected_p"]
    rows = reports.select("benchmark", "by", "part", *names).iter_rows(named=True)
    scored = {_key(row): Scored(**{name: row[name] for name in names}) for row in rows}
    scored |= _corrected(scored, headlines)
    named = {key[3] for key in scored}
    order = list(dict.fromkeys([BASE, STUDENT, *roles, *sorted(named)]))
    present = [role for role in order if role in named]
    measured = {key[0] for key in scored}
    known = [name for name in headlines if name in measured]
    return Scoreboard(
        scored,
        benchmarks=(*known, *sorted(measured - set(known))),
        roles=tuple(role for role in present if " - " not in role),
        comparisons=tuple(sorted((role for role in present if " - " in role), key=lambda role: role != GAIN)),
        headlines=headlines,
    )


def _key(row: Mapping[str, Any]) -> ScoreKey:
    return row["benchmark"], row["by"], row["part"], row["role"], row["metric"]


def _corrected(scored: Mapping[ScoreKey, Scored], headlines: Mapping[str, str]) -> dict[ScoreKey, Scored]:
    """The headline gains with a p-value, each with its correction for all of them."""
    keys = [(name, EVERY, EVERY, GAIN, headlines.get(name, HEADLINE)) for name in {key[0] for key in scored}]
    gains = {key: (scored[key], p) for key in keys if key in scored and (p := scored[key].p_value) is not None}
    corrected = holm([p for _, p in gains.values()])
    return {key: replace(gain, corrected_p=p) for (key, (gain, _)), p in zip(gains.items(), corrected, strict=True)}


def _metric_order(metric: str) -> tuple[int, str, int]:
    name, at, count = metric.partition("@")
    known = FIRST_METRICS.index(f"{name}{at}") if f"{name}{at}" in FIRST_METRICS else len(FIRST_METRICS)
    late = len(FIRST_METRICS) + 1 + LAST_METRICS.index(metric) if metric in LAST_METRICS else known
    return late, name, int(count) if count.isdecimal() else 0


def _part_order(part: str) -> tuple[int, list[tuple[int, str]]]:
    if part.casefold() in LEVELS:
        return LEVELS.index(part.casefold()), []
    return len(LEVELS), [_by_value(piece) for piece in re.split("([0-9]+)", part.casefold())]


def _by_value(piece: str) -> tuple[int, str]:
    """The place of a text, or of a number by its value: one with fewer digits is less. A file may name any number."""
    digits = piece.lstrip("0")
    return (len(digits) + 1, digits) if piece.isascii() and piece.isdecimal() else (0, piece)
