"""What every asset shares: the recipe, the deployment, the stores, and the context in which one asset is built."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from skyassets.core.money import Budget
from skyassets.core.rows.ledger import LedgerEntries
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS
from skyassets.core.tables.store import TableStore
from skyassets.engines.training.trainer import ProgressChannel
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


@dataclass(frozen=True)
class PipelineRun:
    """One run of the pipeline: its id and its tags."""

    id: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class BuildContext:
    """The context of building one asset: the project, the asset, the run, the log, and the budget."""

    project: Project
    asset: str
    run: PipelineRun
    log: Callable[[str], None]
    run_budget: Budget
    pipes: ProgressChannel | None = None
    """How a started process reports to the run; None for an estimate, which has no run."""
    usages: dict[str, Usage] = field(default_factory=dict)
    """Role to the usage of its completions so far."""

    @property
    def usage_metadata(self) -> dict[str, object]:
        """The usage as metadata."""
        if not self.usages:
            return {}
        numbers = {
            f"{role}: {name}" if len(self.usages) > 1 else name: value
            for role, usage in self.usages.items()
            for name, value in usage.metadata.items()
        }
        return {**numbers, CALLS_PICTURE: figures.calls(self.usages)}
