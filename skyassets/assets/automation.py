"""Rebuilding what changed: the job, the sensor (off by default), and when an asset is rebuilt or counts as stale.

A cache hit triggers nothing: only a new data version counts, not a new materialization.
"""

from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from skyassets.core.tables.declarations import ANSWERS, CHECKPOINT, EXAMPLES, REPORTS, Table
from skyassets.project.project import Project

EVERY_SECONDS = 30
"""Seconds between two evaluations of the automation conditions."""
EVALUATIONS = (ANSWERS, REPORTS)
"""Assets that evaluate the checkpoint: a change of the data alone does not trigger them."""
MISSED, GRACE = 2, timedelta(hours=12)
"""The freshness check warns after this many missed re-evaluations, the last one missed by this grace period."""
OLD = 52
"""Number of cadences (a year of weeks) after which an unconfirmed report fails the freshness check."""
TICKS = 16
"""Number of ticks of a cadence that are searched for the longest pause."""


def rebuild_job() -> Any:  # Dagster does not export the type of asset jobs
    """The job that materializes every asset."""
    return dg.define_asset_job(
        "rebuild_what_changed",
        selection=dg.AssetSelection.all(),
        description="Materializes all assets; those without a change return at once.",
    )


def rebuild_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that evaluates automation conditions; it replaces Dagster's default one to have a clear name."""
    return dg.AutomationConditionSensorDefinition(
        "rebuild_automatically",
        target=dg.AssetSelection.all(),
        default_status=dg.DefaultSensorStatus.STOPPED,
        minimum_interval_seconds=EVERY_SECONDS,
        description="Rebuilds assets after a change; the checkpoint only with SKYASSETS_TRAIN_AUTOMATICALLY=1.",
    )


def condition(project: Project, table: Table) -> dg.AutomationCondition | None:  # type: ignore[type-arg]  # of asset keys
    """Rebuild if the asset is missing, its code, recipe or a parent's content changed, or a parent will be rebuilt.

    Does nothing while a parent is missing, or a run is building the asset or a parent. The evaluations depend on the
    data set only for its contamination check, and wait for the checkpoint that is trained on it. The checkpoint has no
    condition unless the deployment trains automatically.
    """
    if table is CHECKPOINT and not project.deployment.train_automatically:
        return None
    by: Any = dg.AutomationCondition  # its parts are typed for several kinds of keys
    changed, coming = by.any_deps_match(by.data_version_changed()), by.any_deps_match(by.will_be_requested())
    if table in EVALUATIONS:
        ignored = dg.AssetSelection.assets(EXAMPLES.name)
        changed, coming = changed.ignore(ignored), coming.ignore(ignored)
    reasons = by.code_version_changed() | changed | by.newly_missing() | coming
    is_free = ~by.any_deps_missing() & ~by.any_deps_in_progress() & ~by.in_progress()
    whole: dg.AutomationCondition = (  # type: ignore[type-arg]  # as above
        reasons.since_last_handled() & is_free
    ).with_label("the code, the recipe or a parent has changed")
    return whole


def freshness(project: Project, table: Table) -> dg.FreshnessPolicy | None:
    """Of the reports: warns after two missed re-evaluations; fails only after a year of them (with a weekly cadence).

    A run that finds nothing to do also confirms a report. If the schedule is never switched on, the check warns but
    does not fail.
    """
    if table is not REPORTS:
        return None
    pause = longest_pause(project.recipe.reevaluate_at)
    return dg.FreshnessPolicy.time_window(warn_window=MISSED * pause + min(GRACE, pause), fail_window=OLD * pause)


def longest_pause(cadence: str) -> timedelta:
    """The longest time between two ticks of a cron expression, among its next few ticks."""
    ticks = dg.TimeWindowPartitionsDefinition(start=datetime(2024, 1, 1), cron_schedule=cadence, fmt="%Y-%m-%d-%H%M")
    window = ticks.get_first_partition_window()
    pauses = []
    for _ in range(TICKS):
        if window is None:
            break
        pauses.append(window.end - window.start)
        window = ticks.get_next_partition_window(window.end)
    return max(pauses)
