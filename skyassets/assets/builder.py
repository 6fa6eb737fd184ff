"""Builds the Dagster asset of a table, and its rows when Dagster asks for them."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import polars as pl

from skyassets.assets.metadata import PREVIEW, PREVIEW_ROWS, SKETCH, definition_metadata, metadata, preview
from skyassets.assets.pipes import piped
from skyassets.core.errors import SkyassetsError
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.store import StageResult
from skyassets.project.project import SECONDS_TO_MAKE, AssetDeclaration, AssetSpec, BuildContext, Project, Run
from skyassets.stages.curation.audits import AUDITS, Audit
from skyassets.stages.plots.thumbnail import as_markdown
from skyassets.stages.plots.thumbnails import SKETCHES

PAID_KINDS = frozenset({"llm", "deepspeed"})
"""Kinds of assets that cost money to make: the ledger is updated after one was made."""

NEVER_PICTURED = ("text", "question", "ground_truth", "tests", "starter_code", "references", "imported_trace")
"""Columns that no chart needs and that may be larger than memory."""


Make = Callable[[BuildContext], StageResult]
"""Makes the rows of a table."""
Picture = Callable[[pl.DataFrame], str]
"""Draws a chart of a table."""


def asset(project: Project, declared: AssetDeclaration, make: Make, picture: Picture) -> dg.AssetsDefinition:
    """The Dagster asset of a declared table; `make` receives the build context and returns the rows."""
    spec = declared.spec

    @dg.asset(
        name=spec.table.name,
        deps=[dg.AssetKey(parent.name) for parent in spec.parents],
        code_version=spec.version,
        description=spec.table.meaning,
        group_name=spec.group,
        kinds=set(spec.kinds),
        owners=["team:skyassets"],
        tags={"skyassets/recipe": project.recipe.name, "skyassets/cost": cost_of(spec)},
        metadata=definition_metadata(spec.table, project.store.path(spec.table)),
        check_specs=[
            dg.AssetCheckSpec(audit.name, asset=spec.table.name, description=audit.description)
            for audit in audits_of(spec.table)
        ],
    )
    def build(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the bare annotation
        try:
            return _built(project, context, declared, make, picture)
        except SkyassetsError as error:
            # Our errors are complete; Dagster's traceback would only hide them.
            raise dg.Failure(f"{type(error).__name__}: {error}", allow_retries=False) from None

    return build


def _built(
    project: Project, context: dg.AssetExecutionContext, declared: AssetDeclaration, make: Make, picture: Picture
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the bare annotation
    """Build the table if necessary, and report it to Dagster."""
    started = time.monotonic()
    spec = declared.spec
    said = context.log.info
    run = Run(context.run.run_id, context.run.tags)
    parents = {parent.name: project.store.data_version(parent) for parent in spec.parents}
    origin = spec.origin(parents | declared.outside(run))

    def making() -> StageResult:
        work = BuildContext(spec.table.name, run, said, project.run_budget(run.id), piped(context))
        try:
            made = make(work)
        finally:
            if spec.kinds & PAID_KINDS:  # the money is spent even if the asset failed
                project.accounts.publish()
        return replace(made, metadata={**made.metadata, **work.facts})

    def show(path: Path) -> dict[str, object]:
        rows = pl.scan_parquet(path)
        few = rows.drop(NEVER_PICTURED, strict=False).collect()
        shown: dict[str, object] = {SKETCH: as_markdown(SKETCHES[spec.table.name](few)), "picture": picture(few)}
        shown[PREVIEW] = preview(rows.head(PREVIEW_ROWS).collect())
        return {**shown, SECONDS_TO_MAKE: round(time.monotonic() - started, 1)}

    built = project.store.build(spec.table, origin, making, declared.damage, said, show)
    said(f"{spec.table.name}: {built.manifest.rows} rows, {'rebuilt' if built.rebuilt else 'unchanged'}")
    path = project.store.path(spec.table)
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


def cost_of(spec: AssetSpec) -> str:
    """The value of the cost tag, for the selection `tag:"skyassets/cost"="calls"` in the UI."""
    return "calls" if "llm" in spec.kinds else "training" if "deepspeed" in spec.kinds else "little"
