"""What every asset shares: the recipe, the deployment, the stores, and the one way to build a table."""

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
"""Metadata key of the chart of the calls' latency and length."""
SECONDS_TO_MAKE = "seconds to make"
"""Metadata key for how long the table took when it was made."""


@dataclass(frozen=True)
class AssetSpec:
    """What defines an asset: its table, its parents, the code, and the part of the recipe it uses."""

    table: Table
    parents: tuple[Table, ...]
    code: tuple[str, ...]
    """Modules whose code determines the rows; the stages they import are included."""
    recipe: object
    group: str
    kinds: frozenset[str]

    @property
    def version(self) -> str:
        """The asset's code version for Dagster: one digest of code, recipe part and table schema."""
        return digest(self._code_digest, self.recipe)

    def origin(self, parents: dict[str, str]) -> Inputs:
        """What the table is made from, given the versions of its parents and its external inputs."""
        return Inputs(code=self._code_digest, parents=parents, recipe=self.recipe)

    @property
    def _code_digest(self) -> str:
        # The recipe is left out, so that a change of either can be reported by name.
        return digest(code_version(*self.code), [(name, str(kind)) for name, kind in self.table.schema.items()])


Damage = Callable[[pl.DataFrame], str]
"""Checks a stored table for damage outside its file and describes it; returns an empty string if there is none."""


@dataclass(frozen=True)
class Run:
    """One Dagster run: its id and its tags."""

    id: str
    tags: Mapping[str, str] = field(default_factory=dict)


Outside = Callable[[Run | None], dict[str, str]]
"""Versions of external inputs (a source's file, the epoch), for a run or, with None, as of now."""


def nothing_outside(run: Run | None) -> dict[str, str]:
    """No external inputs."""
    return {}


@dataclass(frozen=True)
class AssetDeclaration:
    """What decides whether an asset is rebuilt."""

    spec: AssetSpec
    damage: Damage | None = None
    outside: Outside = nothing_outside


@dataclass(frozen=True)
class BuildContext:
    """The context of building one asset: the asset, the Dagster run, the log, and the budget."""

    asset: str
    run: Run
    said: Callable[[str], None]
    run_budget: Budget
    telling: Telling | None = None
    """How a started process reports to the run; None for an estimate, which has no run."""
    usages: dict[str, Usage] = field(default_factory=dict)
    """Role to the usage of its completions so far."""

    @property
    def facts(self) -> dict[str, object]:
        """The usage as metadata."""
        if not self.usages:
            return {}
        told = {
            f"{role}: {name}" if len(self.usages) > 1 else name: fact
            for role, usage in self.usages.items()
            for name, fact in usage.metadata.items()
        }
        return {**told, CALLS_PICTURE: figures.calls(self.usages)}


@dataclass(frozen=True)
class Project:
    """One recipe at one deployment."""

    recipe: Recipe
    deployment: Deployment
    run_budgets: dict[str, Budget] = field(default_factory=dict)
    """Run id to its budget: all assets of a run share one budget."""
    epochs: dict[str, str] = field(default_factory=dict)
    """Run id to its epoch: another run may begin a new epoch while this one is in progress."""

    def run_budget(self, run: str) -> Budget:
        """The budget of `run`."""
        return self.run_budgets.setdefault(run, Budget(self.budget))

    @property
    def budget(self) -> float | None:
        """Dollars that one run may spend: the smaller of the recipe's and the deployment's budget."""
        return min((each for each in (self.recipe.budget, self.deployment.budget) if each is not None), default=None)

    @property
    def store(self) -> TableStore:
        """The recipe's tables."""
        return TableStore(self.deployment.data / self.recipe.name)

    @property
    def rows(self) -> RowStore:
        """The completions, shared by all recipes."""
        return RowStore(self.deployment.data / "rows", COMPLETIONS)

    @property
    def accounts(self) -> Accounts:
        """The recorded costs of the recipe, and its ledger."""
        entries = LedgerEntries(self.deployment.data / "rows")
        return Accounts(self.recipe.name, entries, self.rows, self.store, self.deployment.hour_price)
