"""What every asset has at hand: the recipe, the place, the stores, and the one way to build a table."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import dagster as dg
import polars as pl

from skyassets.assets.metadata import (
    CALLS_PICTURE,
    PREVIEW,
    PREVIEW_ROWS,
    SKETCH,
    definition_metadata,
    metadata,
    preview,
)
from skyassets.core.code_version import code_version
from skyassets.core.errors import SkyassetsError
from skyassets.core.identity import digest
from skyassets.core.money import Purse
from skyassets.core.rows.ledger import LedgerEntries
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS, Table
from skyassets.core.tables.manifest import Origin
from skyassets.core.tables.store import Made, TableStore
from skyassets.project.accounts import Accounts
from skyassets.project.deployment import Place
from skyassets.recipes.recipe import Recipe
from skyassets.stages.curation.audits import AUDITS, Audit
from skyassets.stages.plots import figures
from skyassets.stages.plots.thumbnail import as_markdown
from skyassets.stages.plots.thumbnails import SKETCHES
from skyassets.stages.sampling.usage import Bill

SECONDS_TO_MAKE = "seconds to make"
"""The fact that remembers, with a table, how long it took when it was made."""

PAID_KINDS = frozenset({"llm", "deepspeed"})
"""The kinds of assets that cost something to make: the ledger is written again when one was made."""

NEVER_PICTURED = ("text", "question", "ground_truth", "tests", "starter_code", "references", "imported_trace")
"""Columns that no picture needs and that may be larger than memory."""


@dataclass(frozen=True)
class Spec:
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

    def origin(self, parents: dict[str, str]) -> Origin:
        """What the table is made from, given the versions of its parents and of what lies outside."""
        return Origin(code=self._code_digest, parents=parents, recipe=self.recipe)

    @property
    def _code_digest(self) -> str:
        # Without the recipe: a change of one of the two is then told by its name.
        return digest(code_version(*self.code), [(name, str(kind)) for name, kind in self.table.schema.items()])


Damage = Callable[[pl.DataFrame], str]
"""Looks at a stored table for harm outside its file, and says what it is; empty when there is none."""
Outside = Callable[[dg.AssetExecutionContext | None], dict[str, str]]
"""What the rows hang on beside parents, code and recipe (a source's file, the epoch), in a run or, for None, now."""


def nothing_outside(context: dg.AssetExecutionContext | None) -> dict[str, str]:
    """Of an asset that hangs on its parents alone."""
    return {}


@dataclass(frozen=True)
class Declared:
    """What decides whether an asset is made again."""

    spec: Spec
    damage: Damage | None
    outside: Outside


@dataclass(frozen=True)
class Work:
    """The making of one asset: for which asset and Dagster run, who hears of it, and the money it may spend."""

    asset: str
    run: str
    said: Callable[[str], None]
    purse: Purse
    context: dg.AssetExecutionContext | None = None
    """The run itself, where there is one: an estimate has none."""
    bills: dict[str, Bill] = field(default_factory=dict)
    """Role to the bill of its completions, as far as it was asked."""

    @property
    def facts(self) -> dict[str, object]:
        """What the bills say."""
        if not self.bills:
            return {}
        told = {
            f"{role}: {name}" if len(self.bills) > 1 else name: fact
            for role, bill in self.bills.items()
            for name, fact in bill.facts.items()
        }
        return {**told, CALLS_PICTURE: figures.calls(self.bills)}


@dataclass(frozen=True)
class House:
    """One recipe at one place."""

    recipe: Recipe
    place: Place
    purses: dict[str, Purse] = field(default_factory=dict)
    """Run to its purse: all assets of a run spend the same money."""
    declared: dict[str, Declared] = field(default_factory=dict)
    """Asset to what decides whether it is made again; `asset` writes it down."""

    def purse(self, run: str) -> Purse:
        """The money of `run`."""
        return self.purses.setdefault(run, Purse(self.budget))

    @property
    def budget(self) -> float | None:
        """Dollars that one run may spend: the smaller of the recipe's budget and the one of the place."""
        return min((each for each in (self.recipe.budget, self.place.budget) if each is not None), default=None)

    @property
    def store(self) -> TableStore:
        """The recipe's tables."""
        return TableStore(self.place.data / self.recipe.name)

    @property
    def rows(self) -> RowStore:
        """The completions that all recipes share."""
        return RowStore(self.place.data / "rows", COMPLETIONS)

    @property
    def accounts(self) -> Accounts:
        """What is written down of the recipe's costs, and its ledger."""
        entries = LedgerEntries(self.place.data / "rows")
        return Accounts(self.recipe.name, entries, self.rows, self.store, self.place.hour_price)

    def asset(
        self,
        spec: Spec,
        make: Callable[[Work], Made],
        picture: Callable[[pl.DataFrame], str],
        damage: Damage | None = None,
        outside: Outside = nothing_outside,
    ) -> dg.AssetsDefinition:
        """The Dagster asset of `spec`; `make` is told of the run it works for and returns the rows."""
        declared = self.declared[spec.table.name] = Declared(spec, damage, outside)

        @dg.asset(
            name=spec.table.name,
            deps=[dg.AssetKey(parent.name) for parent in spec.parents],
            code_version=spec.version,
            description=spec.table.meaning,
            group_name=spec.group,
            kinds=set(spec.kinds),
            owners=["team:skyassets"],
            tags={"skyassets/recipe": self.recipe.name, "skyassets/cost": cost_of(spec)},
            metadata=definition_metadata(spec.table, self.store.path(spec.table)),
            check_specs=[
                dg.AssetCheckSpec(audit.name, asset=spec.table.name, description=audit.description)
                for audit in audits_of(spec.table)
            ],
        )
        def build(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the bare annotation
            try:
                return self.build(context, declared, make, picture)
            except SkyassetsError as error:
                # Our errors say all there is to say; what Dagster would print of the way here only hides it.
                raise dg.Failure(f"{type(error).__name__}: {error}", allow_retries=False) from None

        return build

    def build(
        self,
        context: dg.AssetExecutionContext,
        declared: Declared,
        make: Callable[[Work], Made],
        picture: Callable[[pl.DataFrame], str],
    ) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the bare annotation
        """Have the table there, and tell Dagster about it."""
        started = time.monotonic()
        spec = declared.spec
        said = context.log.info
        parents = {parent.name: self.store.data_version(parent) for parent in spec.parents}
        origin = spec.origin(parents | declared.outside(context))

        def making() -> Made:
            work = Work(spec.table.name, context.run.run_id, said, self.purse(context.run.run_id), context)
            try:
                made = make(work)
            finally:
                if spec.kinds & PAID_KINDS:  # what was spent is spent, whatever came of it
                    self.accounts.publish()
            return replace(made, facts={**made.facts, **work.facts})

        def show(path: Path) -> dict[str, object]:
            rows = pl.scan_parquet(path)
            few = rows.drop(NEVER_PICTURED, strict=False).collect()
            shown: dict[str, object] = {SKETCH: as_markdown(SKETCHES[spec.table.name](few)), "picture": picture(few)}
            shown[PREVIEW] = preview(rows.head(PREVIEW_ROWS).collect())
            return {**shown, SECONDS_TO_MAKE: round(time.monotonic() - started, 1)}

        built = self.store.build(spec.table, origin, making, declared.damage, said, show)
        said(f"{spec.table.name}: {built.manifest.rows} rows, {'rebuilt' if built.rebuilt else 'unchanged'}")
        path = self.store.path(spec.table)
        return dg.MaterializeResult(
            asset_key=spec.table.name,
            data_version=dg.DataVersion(built.manifest.data_version),
            metadata=metadata(spec.table, built, str(path), time.monotonic() - started),
            check_results=[
                dg.AssetCheckResult(
                    passed=found.passed,
                    check_name=found.name,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata=found.numbers,
                )
                for audit in audits_of(spec.table)
                for found in [audit(pl.read_parquet(path, columns=list(audit.columns)))]
            ],
        )


def audits_of(table: Table) -> tuple[Audit, ...]:
    """The audit of `table`, if it has one."""
    return (AUDITS[table.name],) if table.name in AUDITS else ()


def cost_of(spec: Spec) -> str:
    """What making an asset costs, as its tag: to select `tag:"skyassets/cost"="calls"` in the UI."""
    return "calls" if "llm" in spec.kinds else "training" if "deepspeed" in spec.kinds else "little"
