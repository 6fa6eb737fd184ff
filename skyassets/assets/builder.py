"""Builds the Dagster asset of a table, and its rows when Dagster asks for them."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import dagster as dg

from skyassets.assets.automation import condition, freshness
from skyassets.assets.checks import audit_results, audit_specs
from skyassets.assets.metadata import build_metadata, definition_metadata
from skyassets.assets.presentation import presentation
from skyassets.core.errors import NoUsableRowsError, SkyassetsError, StoreError
from skyassets.core.hints import materialize_all_for
from skyassets.core.tables.store import StageResult
from skyassets.engines.training.trainer import ProgressChannel
from skyassets.project.asset_specs import AssetSpec
from skyassets.project.project import SECONDS_TO_MAKE, BuildContext, PipelineRun, Project

Make = Callable[[BuildContext], StageResult]
"""Makes the rows of a table."""

UNUSABLE = "why no row can be used"
"""The metadata key of a table without a usable row."""
COSTS = {"llm": "calls", "deepspeed": "training"}
"""Kinds of assets that cost money to make, with the value of their cost tag (`tag:"skyassets/cost"="calls"` in the UI).

The ledger is updated after such an asset is made.
"""


def asset(project: Project, spec: AssetSpec, make: Make) -> dg.AssetsDefinition:
    """The Dagster asset of a table; `make` returns the rows."""
    table = spec.table
    cost = next((COSTS[kind] for kind in COSTS if kind in spec.kinds), "little")

    @dg.asset(
        name=table.name,
        deps=[dg.AssetKey(parent.name) for parent in spec.parents],
        code_version=spec.version,
        description=table.meaning,
        group_name=spec.group,
        kinds=set(spec.kinds),
        owners=["team:skyassets"],
        tags={"skyassets/recipe": project.recipe.name, "skyassets/cost": cost},
        metadata=definition_metadata(table, project.store.path(table)),
        check_specs=audit_specs(table),
        automation_condition=condition(project, table),
        freshness_policy=freshness(project, table),
    )
    def build(context: dg.AssetExecutionContext) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the bare annotation
        try:
            return _materialize(project, context, spec, make)
        except SkyassetsError as error:
            # Our errors are complete; Dagster's traceback would only hide them.
            raise dg.Failure(f"{type(error).__name__}: {error}", allow_retries=False) from None

    return build


def _materialize(
    project: Project, context: dg.AssetExecutionContext, spec: AssetSpec, make: Make
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster reads the bare annotation
    """Build the table if necessary, and report it to Dagster."""
    started = time.monotonic()
    table, store, log = spec.table, project.store, context.log.info
    run = PipelineRun(context.run.run_id, context.run.tags)
    absent = [parent.name for parent in spec.parents if not store.exists(parent)]
    if absent:
        raise StoreError(
            f"{table.name} is made from {', '.join(absent)}, not yet in {store.folder}; make it with everything that "
            f"it needs: {materialize_all_for(table.name)}"
        )
    versions = {parent.name: store.data_version(parent) for parent in spec.parents}

    def make_rows() -> StageResult:
        build = BuildContext(project, table.name, run, log, project.run_budget(run.id), _pipes(context))
        try:
            result = make(build)
        finally:
            if spec.kinds & COSTS.keys():  # the money is spent even if the asset failed
                project.accounts.publish()
        unusable = {UNUSABLE: result.unusable} if result.unusable else {}
        return replace(result, metadata={**result.metadata, **build.usage_metadata, **unusable})

    def page_metadata(path: Path) -> dict[str, object]:
        return {**presentation(project, table, path), SECONDS_TO_MAKE: round(time.monotonic() - started, 1)}

    result = store.build(table, spec.inputs(versions | spec.external(run)), make_rows, spec.damage, log, page_metadata)
    log(f"{table.name}: {result.manifest.rows} rows, {'rebuilt' if result.rebuilt else 'unchanged'}")
    if reason := result.manifest.metadata.get(UNUSABLE):  # the table shows the reason of each row
        raise NoUsableRowsError(f"{table.name}: {reason}")
    return dg.MaterializeResult(
        asset_key=table.name,
        data_version=dg.DataVersion(result.manifest.data_version),
        metadata=build_metadata(table, result, store.path(table), time.monotonic() - started),
        check_results=audit_results(table, store.path(table)),
    )


def _pipes(context: dg.AssetExecutionContext) -> ProgressChannel:
    """Opens Dagster Pipes for a process that an engine starts: its reports appear live in the run of `context`.

    Yields the environment variables that the process needs.
    """

    @contextmanager
    def session() -> Iterator[Mapping[str, str]]:
        with dg.open_pipes_session(
            context=context,
            context_injector=dg.PipesEnvContextInjector(),
            message_reader=dg.PipesTempFileMessageReader(),
        ) as opened:
            yield opened.get_bootstrap_env_vars()

    return session
