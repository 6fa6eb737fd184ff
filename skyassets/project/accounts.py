"""The accounts of a recipe at a deployment: costs recorded while assets are made, and the ledger built from them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from skyassets.core.files import replaced
from skyassets.core.money import Budget
from skyassets.core.rows.ledger import LedgerEntries, LedgerEntry, LedgerEvent
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import EXAMPLES, LEDGER, REWRITES, TRACES, Table
from skyassets.core.tables.parquet import write_parquet
from skyassets.core.tables.store import TableStore
from skyassets.engines.host.metering import Metered, metering
from skyassets.stages.inspection.ledger import COMPLETION_COLUMNS, HOUR, Accepted, ledger, machine_dollars
from skyassets.stages.sampling.usage import COST, SPENT

BEHIND_EXAMPLES = (TRACES, REWRITES)
"""The tables whose cost grows with the number of examples."""


@dataclass(frozen=True)
class Accounts:
    """The accounts of `recipe`."""

    recipe: str
    entries: LedgerEntries
    rows: RowStore
    tables: TableStore
    hour_price: float = 0.0

    def metered(self, event: LedgerEvent, asset: str, model: str, run: str, run_budget: Budget) -> Metered:
        """Records machine time durably, and charges it to the run's budget."""

        def count(seconds: float, gpus: int) -> None:
            dollars = seconds / HOUR * max(gpus, 1) * self.hour_price
            run_budget.book(dollars)
            self.entries.add(
                LedgerEntry(event, f"{self.recipe}/{asset}", model, run, 1, seconds, max(gpus, 1), dollars=dollars)
            )

        return count

    @contextmanager
    def training(self, asset: str, model: str, run: str, run_budget: Budget, gpus: int) -> Iterator[None]:
        """Records the hours of a training for as long as the context lasts."""
        with metering(self.metered(LedgerEvent.TRAINING, asset, model, run, run_budget), gpus):
            yield

    def ledger(self) -> pl.DataFrame:
        """The current ledger."""
        return ledger(self.recipe, self.rows.everything(COMPLETION_COLUMNS), self.entries.read())

    def publish(self) -> None:
        """Write the ledger next to the tables, atomically."""
        with replaced(self.tables.folder / f"{LEDGER.name}.parquet") as part:
            write_parquet([self.ledger()], part)

    def accepted(self, kept: int) -> Accepted:
        """What `kept` examples cost: the completions they come from, and our own servers that generated them."""
        entries = self.entries.read()
        costs = {table: self._cost(table) for table in BEHIND_EXAMPLES}
        return Accepted(
            kept,
            {
                table.name: None if cost is None else cost + machine_dollars(self.recipe, table.name, entries)
                for table, cost in costs.items()
            },
        )

    def examples_kept(self) -> int | None:
        """How many examples the data set keeps; None if there is no data set yet."""
        manifest = self.tables.manifest(EXAMPLES)
        waterfall = manifest.metadata.get("waterfall") if manifest else None
        kept = waterfall.get("kept") if isinstance(waterfall, dict) else None
        return int(kept) if isinstance(kept, int) else None

    def _cost(self, table: Table) -> float | None:
        """Dollars of the calls behind the table's rows; zero if no model was asked, None if unknown."""
        manifest = self.tables.manifest(table)
        costs = [value for name, value in manifest.metadata.items() if name.endswith(COST)] if manifest else []
        if not all(isinstance(cost, int | float) for cost in costs):
            return None
        return float(sum(cost for cost in costs if isinstance(cost, int | float)))


def cost_metadata(accepted: Accepted, run_budget: Budget) -> dict[str, object]:
    """The cost of a data set as metadata."""
    unknown = "unknown: a price is missing"
    return {
        SPENT: run_budget.spent,
        COST: unknown if accepted.dollars is None else accepted.dollars,
        "dollars per accepted row": unknown if accepted.dollars_a_row is None else accepted.dollars_a_row,
        "dollars by asset": {name: unknown if cost is None else cost for name, cost in accepted.by_asset.items()},
    }
