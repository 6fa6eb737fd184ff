"""What a report is written from: the rows of `benchmark_reports`, and what the rest of the house tells about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from skyassets.stages.reporting.paired_examples import Duel

EVALUATING = ("benchmark_problems", "benchmark_answers", "benchmark_reports")
"""Assets whose cost is the measuring's, not the student's."""


@dataclass(frozen=True)
class Spent:
    """What an asset took: everything that was ever paid here for the recipe, in all runs."""

    asset: str
    calls: int
    tokens: int
    """Read and written."""
    gpu_hours: float
    dollars: float | None
    """None where a price is not known."""


@dataclass(frozen=True)
class ReportFacts:
    """What the page says. Names and figures, never a place."""

    recipe: str
    description: str
    reports: pl.DataFrame
    models: Mapping[str, str]
    """Role to model, in the order of the columns."""
    headlines: Mapping[str, str]
    """Benchmark to the metric that heads it, in the order of the sections."""
    asked: tuple[str, str] | None = None
    """When the first and the last answer came (UTC, ISO 8601); None where nobody wrote it down."""
    spent: tuple[Spent, ...] = ()
    rules: tuple[str, ...] = ()
    fall: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """The data set's waterfall: line to domain to rows."""
    curves: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    """The training's course: the panel's title to its points, step and value."""
    duels: tuple[Duel, ...] = ()
    contaminated: Mapping[str, str] | None = None
    """Item to the evidence that its text was found in the training set; None where nobody looked."""
    tables: tuple[tuple[str, str], ...] = ()
    """The files of the tables that it was written from: name and meaning."""

    @property
    def making(self) -> tuple[Spent, ...]:
        """What the student itself took, without measuring it."""
        return tuple(each for each in self.spent if each.asset not in EVALUATING)


def dollars_of(spent: Sequence[Spent]) -> float | None:
    """The sum; None where a price is not known."""
    known = [each.dollars for each in spent if each.dollars is not None]
    return sum(known) if len(known) == len(spent) else None


def hours_of(spent: Sequence[Spent]) -> float:
    """The GPU-hours together."""
    return sum(each.gpu_hours for each in spent)
