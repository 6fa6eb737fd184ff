"""What every asset has at hand: the recipe, the place, the stores, and the one way to build a table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from skyassets.core.code_version import code_version
from skyassets.core.identity import digest
from skyassets.core.money import Budget
from skyassets.core.rows.ledger import LedgerEntries
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS, Table
from skyassets.core.tables.manifest import Inputs
from skyassets.core.tables.store import TableStore
from skyassets.engines.training.trainer import Telling
from skyassets.project.accounts import Accounts
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe
from skyassets.stages.plots import figures
from skyassets.stages.sampling.usage import Usage

CALLS_PICTURE = "calls picture"
"""Latency and length of the calls, beside the table's own picture."""
SECONDS_TO_MAKE = "seconds to make"
"""The fact that remembers, with a table, how long it took when it was made."""


@dataclass(frozen=True)
class AssetSpec:
    """What an asset is made of: its table, its parents, the code, and the part of the recipe it uses."""

    table: Table
    parents: tuple[Table, ...]
    code: tuple[str, ...]
    """Modules whose meaning determines the rows; the stages they import are followed."""
    recipe: object
    group: str
    kinds: frozenset[str]

    @property
    def version(self) -> str:
        """The asset's code version as Dagster knows it: code, recipe part and table schema in one digest."""
        return digest(self._code_digest, self.recipe)

    def origin(self, parents: dict[str, str]) -> Inputs:
        """What the table is made from, given the versions of its parents and of what lies outside."""
        return Inputs(code=self._code_digest, parents=parents, recipe=self.recipe)

    @property
    def _code_digest(self) -> str:
        # Without the recipe: a change of one of the two is then told by its name.
        return digest(code_version(*self.code), [(name, str(kind)) for name, kind in self.table.schema.items()])


Damage = Callable[[pl.DataFrame], str]
"""Looks at a stored table for harm outside its file, and says what it is; empty when there is none."""


@dataclass(frozen=True)
class Run:
    """One run of the graph: its id and its tags."""

    id: str
    tags: Mapping[str, str] = field(default_factory=dict)


Outside = Callable[[Run | None], dict[str, str]]
"""What the rows hang on beside parents, code and recipe (a source's file, the epoch), in a run or, for None, now."""


def nothing_outside(run: Run | None) -> dict[str, str]:
    """Of an asset that hangs on its parents alone."""
    return {}


@dataclass(frozen=True)
class AssetDeclaration:
    """What decides whether an asset is made again."""

    spec: AssetSpec
    damage: Damage | None = None
    outside: Outside = nothing_outside


@dataclass(frozen=True)
class BuildContext:
    """The making of one asset: for which asset and Dagster run, who hears of it, and the money it may spend."""

    asset: str
    run: Run
    said: Callable[[str], None]
    run_budget: Budget
    telling: Telling | None = None
    """How a process that is started tells the run of itself; an estimate has no run to tell."""
    usages: dict[str, Usage] = field(default_factory=dict)
    """Role to the bill of its completions, as far as it was asked."""

    @property
    def facts(self) -> dict[str, object]:
        """What the bills say."""
        if not self.usages:
            return {}
        told = {
            f"{role}: {name}" if len(self.usages) > 1 else name: fact
            for role, usage in self.usages.items()
            for name, fact in usage.facts.items()
        }
        return {**told, CALLS_PICTURE: figures.calls(self.usages)}


@dataclass(frozen=True)
class Project:
    """One recipe at one place."""

    recipe: Recipe
    deployment: Deployment
    run_budgets: dict[str, Budget] = field(default_factory=dict)
    """Run to its purse: all assets of a run spend the same money."""
    epochs: dict[str, str] = field(default_factory=dict)
    """Run to its epoch: another run may begin a new one while this one is under way."""

    def run_budget(self, run: str) -> Budget:
        """The money of `run`."""
        return self.run_budgets.setdefault(run, Budget(self.budget))

    @property
    def budget(self) -> float | None:
        """Dollars that one run may spend: the smaller of the recipe's budget and the one of the place."""
        return min((each for each in (self.recipe.budget, self.deployment.budget) if each is not None), default=None)

    @property
    def store(self) -> TableStore:
        """The recipe's tables."""
        return TableStore(self.deployment.data / self.recipe.name)

    @property
    def rows(self) -> RowStore:
        """The completions that all recipes share."""
        return RowStore(self.deployment.data / "rows", COMPLETIONS)

    @property
    def accounts(self) -> Accounts:
        """What is written down of the recipe's costs, and its ledger."""
        entries = LedgerEntries(self.deployment.data / "rows")
        return Accounts(self.recipe.name, entries, self.rows, self.store, self.deployment.hour_price)
