"""Jobs that can be started by name, and schedules and sensors that run on their own. All are off by default."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import dagster as dg

from skyassets.assets.conditions import automated
from skyassets.assets.reevaluation import new_epochs, new_versions, re_evaluate
from skyassets.core.tables.declarations import ASSET_TABLES
from skyassets.project.project import Project

EVERY_SECONDS = 30
"""Seconds between two evaluations of the automation conditions."""


@dataclass(frozen=True)
class Automation:
    """Jobs, schedules and sensors; schedules and sensors are stopped by default."""

    jobs: list[Any]
    schedules: list[dg.ScheduleDefinition]
    sensors: list[dg.SensorDefinition]


def automation(project: Project) -> Automation:
    """The jobs, the re-evaluation, and automation by asset conditions."""
    rebuild = dg.define_asset_job(
        "rebuild_what_changed",
        selection=dg.AssetSelection.assets(*(table.name for table in ASSET_TABLES)),
        description="Go through all assets; those that nothing changed for return at once.",
    )
    again = re_evaluate()
    return Automation(
        [rebuild, again],
        [new_epochs(again, project.recipe.reevaluate_at)],
        [new_versions(again, project), by_conditions()],
    )


def by_conditions() -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates automation conditions; it replaces Dagster's default one to have a clear name."""
    return dg.AutomationConditionSensorDefinition(
        "rebuild_automatically",
        target=dg.AssetSelection.assets(*(table.name for table in ASSET_TABLES)),
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=EVERY_SECONDS,
        description="Makes again what changed, by the assets' conditions; a checkpoint only where the place allows it.",
    )


def with_conditions(project: Project, assets: Iterable[dg.AssetsDefinition]) -> list[dg.AssetsDefinition]:
    """`assets` with their automation conditions."""
    return [
        each.map_asset_specs(lambda spec: automated(spec, project.deployment, project.recipe.reevaluate_at))
        for each in assets
    ]
