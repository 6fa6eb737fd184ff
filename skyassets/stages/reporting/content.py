"""The content of a report: the rows of `benchmark_reports`, and related data from other tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from skyassets.stages.reporting.paired_examples import PairedExample

EVALUATING = ("benchmark_problems", "benchmark_answers", "benchmark_reports")
"""Assets whose cost counts as evaluation, not as making the student."""


@dataclass(frozen=True)
class AssetCost:
    """Usage and cost of an asset, over all runs of the recipe in this workspace."""

    asset: str
    calls: int
    tokens: int
    """Prompt and completion tokens."""
    gpu_hours: float
    dollars: float | None
    """None if a price is unknown."""


@dataclass(frozen=True)
class ReportContent:
    """The content of the report: names and figures, never a local path or host."""

    recipe: str
    description: str
    reports: pl.DataFrame
    models: Mapping[str, str]
    """Role to model, in the order of the columns."""
    headlines: Mapping[str, str]
    """Benchmark to its headline metric, in section order."""
    answered: tuple[str, str] | None = None
    """Times of the first and the last answer (UTC, ISO 8601); None if not recorded."""
    asset_costs: tuple[AssetCost, ...] = ()
    rules: tuple[str, ...] = ()
    waterfall: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """The data set's waterfall: line to domain to rows."""
    curves: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    """The training curves: panel title to (step, value) points."""
    examples: tuple[PairedExample, ...] = ()
    contaminated: Mapping[str, str] | None = None
    """Item to the evidence that its text was found in the training set; None if this was not checked."""
    unanswered: Mapping[str, str] = field(default_factory=dict)
    """Role to the reason, for every model without an answer."""
    tables: tuple[tuple[str, str], ...] = ()
    """Name and description of each source table file."""

    @property
    def training_costs(self) -> tuple[AssetCost, ...]:
        """Cost of the student without evaluation."""
        return tuple(each for each in self.asset_costs if each.asset not in EVALUATING)


def dollars_of(spent: Sequence[AssetCost]) -> float | None:
    """Total dollars; None if a price is unknown."""
    known = [each.dollars for each in spent if each.dollars is not None]
    return sum(known) if len(known) == len(spent) else None


def hours_of(spent: Sequence[AssetCost]) -> float:
    """Total GPU-hours."""
    return sum(each.gpu_hours for each in spent)
