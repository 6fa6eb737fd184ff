"""The scoreboard: the rows of `benchmark_reports` by their place, and the order in which a reader meets them."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import polars as pl

from skyassets.stages.evaluation.metrics import EVERY, TOKENS
from skyassets.stages.evaluation.scores import BASE, GAIN, STUDENT

HEADLINE = "strict accuracy"
"""The metric that heads a benchmark which names no other."""
FIRST_METRICS = ("strict accuracy", "lenient accuracy", "strict pass@", "lenient pass@", "strict maj@", "lenient maj@")
LAST_METRICS = ("finished", "truncated", "unjudged", TOKENS)
LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True)
class Scored:
    """What a row of `benchmark_reports` says of its place; shares from 0 to 1, tokens as they are."""

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

    @property
    def is_share(self) -> bool:
        """Whether it is told in percent, and a difference of it in points."""
        return self.metric != TOKENS


Deployment = tuple[str, str, str, str, str]
"""Benchmark, by, part, role, metric."""


@dataclass(frozen=True)
class Scoreboard:
    """The rows of one report."""

    scored: Mapping[Deployment, Scored]
    benchmarks: tuple[str, ...]
    roles: tuple[str, ...]
    """Base, student, then the contenders in the recipe's order."""
    comparisons: tuple[str, ...]
    """The roles that are two names: the student against its base first."""
    headlines: Mapping[str, str]

    def at(self, benchmark: str, role: str, metric: str, by: str = EVERY, part: str = EVERY) -> Scored | None:
        """The row at a place; None when the report has none."""
        return self.scored.get((benchmark, by, part, role, metric))

    def headline(self, benchmark: str) -> str:
        """The metric that heads the benchmark."""
        return self.headlines.get(benchmark, HEADLINE)

    def metrics(self, benchmark: str) -> list[str]:
        """The benchmark's metrics, the headline first."""
        found = {place[4] for place in self.scored if place[0] == benchmark and place[1] == EVERY}
        first = self.headline(benchmark)
        return sorted(found, key=lambda metric: (metric != first, _metric_order(metric)))

    def parts(self, benchmark: str, by: str) -> list[str]:
        """The parts that the benchmark is cut into, easy before hard and 2 before 10."""
        return sorted({place[2] for place in self.scored if place[:2] == (benchmark, by)}, key=_part_order)

    def cuts(self, benchmark: str) -> list[str]:
        """What the benchmark is cut by."""
        return sorted({place[1] for place in self.scored if place[0] == benchmark} - {EVERY})

    def gains(self) -> list[tuple[str, Scored]]:
        """For each benchmark, what the student gained over its base by the headline metric."""
        found = [(name, self.at(name, GAIN, self.headline(name))) for name in self.benchmarks]
        return [(name, scored) for name, scored in found if scored is not None]


def scoreboard(reports: pl.DataFrame, headlines: Mapping[str, str], roles: Iterable[str]) -> Scoreboard:
    """The scoreboard of `benchmark_reports`; `headlines` and `roles` are the recipe's, in its order."""
    scored = {
        (row["benchmark"], row["by"], row["part"], row["role"], row["metric"]): Scored(
            **{name: row[name] for name in Scored.__dataclass_fields__}
        )
        for row in reports.select("benchmark", "by", "part", *Scored.__dataclass_fields__).iter_rows(named=True)
    }
    named = {place[3] for place in scored}
    order = list(dict.fromkeys([BASE, STUDENT, *roles, *sorted(named)]))
    told = [role for role in order if role in named]
    measured = {place[0] for place in scored}
    known = [name for name in headlines if name in measured]
    return Scoreboard(
        scored,
        benchmarks=(*known, *sorted(measured - set(known))),
        roles=tuple(role for role in told if " - " not in role),
        comparisons=tuple(sorted((role for role in told if " - " in role), key=lambda role: role != GAIN)),
        headlines=headlines,
    )


def _metric_order(metric: str) -> tuple[int, str, int]:
    name, at, count = metric.partition("@")
    known = FIRST_METRICS.index(f"{name}{at}") if f"{name}{at}" in FIRST_METRICS else len(FIRST_METRICS)
    late = len(FIRST_METRICS) + 1 + LAST_METRICS.index(metric) if metric in LAST_METRICS else known
    return late, name, int(count) if count.isdigit() else 0


def _part_order(part: str) -> tuple[int, list[tuple[int, str]]]:
    if part.casefold() in LEVELS:
        return LEVELS.index(part.casefold()), []
    pieces = re.split(r"(\d+)", part.casefold())
    return len(LEVELS), [(int(piece), "") if piece.isdigit() else (0, piece) for piece in pieces]
