"""The graph: every asset, check, job, schedule and sensor of one recipe at one deployment."""

import dagster as dg

from skyassets.assets.automation import automation, with_conditions
from skyassets.assets.checkpoint import model_assets
from skyassets.assets.evaluation import evaluation_assets
from skyassets.assets.problems import problem_assets
from skyassets.assets.traces import trace_assets
from skyassets.assets.verdicts import dataset_assets
from skyassets.project.declarations import declarations
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe


def assets_of(project: Project) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """Every asset and check of the project, in execution order."""
    declared = declarations(project)
    return [
        *problem_assets(project, declared),
        *trace_assets(project, declared),
        *dataset_assets(project, declared),
        *model_assets(project, declared),
        *evaluation_assets(project, declared),
    ]


def build_definitions(recipe: Recipe, deployment: Deployment) -> dg.Definitions:
    """Dagster's definitions of `recipe` at `deployment`."""
    project = Project(recipe, deployment)
    made = assets_of(project)
    started = automation(project)
    return dg.Definitions(
        assets=with_conditions(project, (item for item in made if not isinstance(item, dg.AssetChecksDefinition))),
        asset_checks=[item for item in made if isinstance(item, dg.AssetChecksDefinition)],
        jobs=started.jobs,
        schedules=started.schedules,
        sensors=started.sensors,
        # One process: starting one per step costs more than most steps take. Assets parallelize internally.
        executor=dg.in_process_executor,
    )
