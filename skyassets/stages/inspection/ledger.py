"""The ledger: usage and cost of each asset of a recipe, by model and run, and the cost of an accepted row."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from skyassets.core.identity import digest
from skyassets.core.rows.ledger import LedgerEvent
from skyassets.core.tables.declarations import LEDGER

COMPLETION_COLUMNS = (
    "model", "prompt_tokens", "completion_tokens", "seconds", "at", "dollars", "asked_for", "run",
)  # fmt: skip
"""The columns of a completion that the ledger needs; its text is never read."""

NUMBERS = (
    "calls", "failed_calls", "reused_rows", "prompt_tokens", "completion_tokens", "call_seconds", "machine_seconds",
    "gpu_hours", "call_dollars", "machine_dollars",
)  # fmt: skip
HOUR = 3600.0


def ledger(recipe: str, completions: pl.DataFrame, entries: pl.DataFrame) -> pl.DataFrame:
    """One row per asset, model and run of `recipe`, as a `ledger` table."""
    parts = [_calls(completions.lazy().select(COMPLETION_COLUMNS)), _events(entries.lazy())]
    ours = pl.concat(parts, how="diagonal").filter(pl.col("asked_for").str.starts_with(f"{recipe}/"))
    summed = (
        ours.with_columns(asset=pl.col("asked_for").str.slice(len(recipe) + 1))
        .group_by("asset", "model", "run")
        .agg(
            *(pl.col(name).sum() for name in NUMBERS),
            pl.col("unpriced").sum(),
            pl.col("began").drop_nulls().min(),
            pl.col("ended").drop_nulls().max(),
        )
        .with_columns(call_dollars=pl.when(pl.col("unpriced") == 0).then(pl.col("call_dollars")))
        .with_columns(dollars=pl.col("call_dollars") + pl.col("machine_dollars"))
        .drop("unpriced")
        .collect()
    )
    ids = [digest("ledger", *row) for row in summed.select("asset", "model", "run").iter_rows()]
    return LEDGER.conform(summed.with_columns(ledger_id=pl.Series(ids, dtype=pl.String())))


@dataclass(frozen=True)
class Accepted:
    """The cost of a data set's rows."""

    rows: int
    by_asset: Mapping[str, float | None]
    """Dollars spent on each asset's rows in any run or recipe; None where a price is unknown."""

    @property
    def dollars(self) -> float | None:
        """The total; None where a price is unknown."""
        known = [each for each in self.by_asset.values() if each is not None]
        return sum(known) if len(known) == len(self.by_asset) else None

    @property
    def dollars_a_row(self) -> float | None:
        """Dollars per kept row; None without rows or without a price."""
        return self.dollars / self.rows if self.dollars is not None and self.rows else None


def machine_dollars(recipe: str, asset: str, entries: pl.DataFrame) -> float:
    """The cost of self-hosted servers for an asset, over all its runs."""
    ours = entries.filter(pl.col("asked_for") == f"{recipe}/{asset}", pl.col("event") == LedgerEvent.SERVING.value)
    return float(ours["dollars"].sum())


def _calls(completions: pl.LazyFrame) -> pl.LazyFrame:
    return completions.select(
        "model", "run", "asked_for", "prompt_tokens", "completion_tokens",
        calls=pl.lit(1, pl.Int64),
        call_seconds=pl.col("seconds"),
        call_dollars=pl.col("dollars"),
        unpriced=pl.col("dollars").is_null().cast(pl.Int64),
        began=pl.col("at"),
        ended=pl.col("at"),
    )  # fmt: skip


def _events(entries: pl.LazyFrame) -> pl.LazyFrame:
    failed, checked, reused = (
        pl.col("event") == event.value for event in (LedgerEvent.FAILED, LedgerEvent.CHECKED, LedgerEvent.REUSED)
    )
    machine = pl.col("event").is_in([LedgerEvent.SERVING.value, LedgerEvent.TRAINING.value])
    return entries.select(
        "model", "run", "asked_for",
        calls=pl.when(checked).then("count"),
        failed_calls=pl.when(failed).then("count"),
        reused_rows=pl.when(reused).then("count"),
        call_seconds=pl.when(failed | checked).then("seconds"),
        call_dollars=pl.when(failed | checked).then("dollars"),
        unpriced=(failed & pl.col("dollars").is_null()).cast(pl.Int64),
        machine_seconds=pl.when(machine).then("seconds"),
        gpu_hours=pl.when(machine).then(pl.col("seconds") * pl.col("gpus") / HOUR),
        machine_dollars=pl.when(machine).then("dollars"),
        began=pl.col("at"),
        ended=pl.col("at"),
    )  # fmt: skip
