"""The graph: every asset, check, job, schedule and sensor of one recipe at one deployment."""

import dagster as dg

from skyassets.assets.automation import rebuild_job, rebuild_sensor
from skyassets.assets.builder import Make, asset
from skyassets.assets.checkpoint import make_checkpoint
from skyassets.assets.checks import drift_check, gate_checks, held_out_check
from skyassets.assets.dataset import make_examples, make_verdicts
from skyassets.assets.evaluation import make_answers, make_reports
from skyassets.assets.problems import make_benchmark_problems, make_problems
from skyassets.assets.reevaluation import new_epochs, new_versions, reevaluation_job
from skyassets.assets.traces import make_rewrites, make_traces
from skyassets.core.tables import declarations as tables
from skyassets.project.asset_specs import asset_specs
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe

MAKE: dict[str, Make] = {
    tables.PROBLEMS.name: make_problems,
    tables.BENCHMARK_PROBLEMS.name: make_benchmark_problems,
    tables.TRACES.name: make_traces,
    tables.REWRITES.name: make_rewrites,
    tables.VERDICTS.name: make_verdicts,
    tables.EXAMPLES.name: make_examples,
    tables.CHECKPOINT.name: make_checkpoint,
    tables.ANSWERS.name: make_answers,
    tables.REPORTS.name: make_reports,
}
"""Asset to the function that makes its rows."""


def build_definitions(recipe: Recipe, deployment: Deployment) -> dg.Definitions:
    """Dagster's definitions of `recipe` at `deployment`."""
    project = Project(recipe, deployment)
    reevaluation = reevaluation_job()
    return dg.Definitions(
        assets=[asset(project, spec, MAKE[name]) for name, spec in asset_specs(project).items()],
        asset_checks=[held_out_check(project), gate_checks(project), drift_check(project)],
        jobs=[rebuild_job(), reevaluation],
        schedules=[new_epochs(reevaluation, recipe.reevaluate_at)],
        sensors=[new_versions(reevaluation, project), rebuild_sensor()],
        # One process: starting one per step costs more than most steps take. Assets parallelize internally.
        executor=dg.in_process_executor,
    )
