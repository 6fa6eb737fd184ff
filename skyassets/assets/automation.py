"""Jobs and the schedule: rebuild what changed, and ask the benchmarks again."""

from dataclasses import dataclass
from typing import Any

import dagster as dg

from skyassets.assets.house import EPOCH_TAG
from skyassets.core.tables import ANSWERS, ASSET_TABLES, REPORTS
from skyassets.recipes.recipe import Recipe


@dataclass(frozen=True)
class Automation:
    """What can be started by name, and what starts by itself once it is switched on."""

    jobs: list[Any]
    schedules: list[dg.ScheduleDefinition]


def automation(recipe: Recipe) -> Automation:
    """The jobs, and the weekly re-evaluation, which is off until somebody switches it on."""
    rebuild = dg.define_asset_job(
        "rebuild_what_changed",
        selection=[table.name for table in ASSET_TABLES],
        description="Go through all assets; those that nothing changed for return at once.",
    )
    again = dg.define_asset_job(
        "re_evaluate",
        selection=[ANSWERS.name, REPORTS.name],
        description="Ask the benchmarks again in a new epoch (fresh samples, same prompts) and report.",
    )

    @dg.schedule(
        job=again,
        cron_schedule=recipe.reevaluate_at,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Re-evaluates base and student in an epoch named by its time.",
    )
    def re_evaluation(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        epoch = context.scheduled_execution_time.strftime("%Y-%m-%d-%H%M")
        return dg.RunRequest(run_key=epoch, tags={EPOCH_TAG: epoch})

    return Automation([rebuild, again], [re_evaluation])
