"""The accounts of a recipe at a place: what is written down while assets are made, and the ledger made of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from skyassets.core.files import replaced
from skyassets.core.money import Budget
from skyassets.core.rows.ledger import Entry, Event, LedgerEntries
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import EXAMPLES, LEDGER, REWRITES, TRACES, Table
from skyassets.core.tables.parquet import write_parquet
from skyassets.core.tables.store import TableStore
from skyassets.engines.host.metering import Metered, metering
from skyassets.stages.inspection.ledger import COMPLETION_COLUMNS, HOUR, Accepted, ledger, machine_dollars
from skyassets.stages.sampling.usage import COST, SPENT

BEHIND_EXAMPLES = (TRACES, REWRITES)
"""The tables whose making is paid for by the example."""


@dataclass(frozen=True)
class Accounts:
    """The accounts of `recipe`."""

    recipe: str
    entries: LedgerEntries
    rows: RowStore
    tables: TableStore
    hour_price: float = 0.0

    def metered(self, event: Event, asset: str, model: str, run: str, run_budget: Budget) -> Metered:
        """Writes machine time down, durably, and books it in the run's purse."""

        def count(seconds: float, gpus: int) -> None:
            dollars = seconds / HOUR * max(gpus, 1) * self.hour_price
            run_budget.book(dollars)
            self.entries.add(
                Entry(event, f"{self.recipe}/{asset}", model, run, 1, seconds, max(gpus, 1), dollars=dollars)
            )

        return count

    @contextmanager
    def training(self, asset: str, model: str, run: str, run_budget: Budget, gpus: int) -> Iterator[None]:
        """Keeps the hours of a training, for as long as the context lasts."""
        with metering(self.metered(Event.TRAINING, asset, model, run, run_budget), gpus):
            yield

    def ledger(self) -> pl.DataFrame:
        """The ledger as of now."""
        return ledger(self.recipe, self.rows.everything(COMPLETION_COLUMNS), self.entries.read())

    def publish(self) -> None:
        """Put the ledger beside the tables, whole or not at all."""
        with replaced(self.tables.folder / f"{LEDGER.name}.parquet") as part:
            write_parquet([self.ledger()], part)

    def accepted(self, kept: int) -> Accepted:
        """What `kept` examples cost: the completions behind them, and the servers of our own that made these."""
        entries = self.entries.read()
        costs = {table: self._cost(table) for table in BEHIND_EXAMPLES}
        return Accepted(
            kept,
            {
                table.name: None if cost is None else cost + machine_dollars(self.recipe, table.name, entries)
                for table, cost in costs.items()
            },
        )

    def kept(self) -> int | None:
        """How many examples the data set keeps; None when there is none yet."""
        manifest = self.tables.manifest(EXAMPLES)
        waterfall = manifest.facts.get("waterfall") if manifest else None
        kept = waterfall.get("kept") if isinstance(waterfall, dict) else None
        return int(kept) if isinstance(kept, int) else None

    def _cost(self, table: Table) -> float | None:
        """Dollars of the calls behind the table's rows; nothing where no model was asked, None where nobody knows."""
        manifest = self.tables.manifest(table)
        costs = [value for name, value in manifest.facts.items() if name.endswith(COST)] if manifest else []
        if not all(isinstance(cost, int | float) for cost in costs):
            return None
        return float(sum(cost for cost in costs if isinstance(cost, int | float)))


def facts_of(accepted: Accepted, run_budget: Budget) -> dict[str, object]:
    """What a data set shows of its cost."""
    unknown = "unknown: a price is not known"
    return {
        SPENT: run_budget.spent,
        COST: unknown if accepted.dollars is None else accepted.dollars,
        "dollars per accepted row": unknown if accepted.dollars_a_row is None else accepted.dollars_a_row,
        "dollars by asset": {name: unknown if cost is None else cost for name, cost in accepted.by_asset.items()},
    }
