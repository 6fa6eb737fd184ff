"""When automation rebuilds an asset, once it is switched on, and when a report counts as stale.

A cache hit triggers nothing: only a new data version counts, not a new materialization.
"""

from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from skyassets.core.tables.declarations import ANSWERS, CHECKPOINT, EXAMPLES, REPORTS
from skyassets.project.deployment import Deployment

MEASURING = (ANSWERS.name, REPORTS.name)
"""Assets that measure the checkpoint: a change of the data alone does not trigger them."""
MISSED, GRACE = 2, timedelta(hours=12)
"""The freshness check warns after this many missed re-evaluations, the last one missed by this grace period."""
OLD = 52
"""Number of cadences (a year of weeks) after which an unconfirmed report fails the freshness check."""
TICKS = 16
"""Number of ticks of a cadence that are searched for the longest pause."""


def automated(spec: dg.AssetSpec, deployment: Deployment, cadence: str) -> dg.AssetSpec:
    """`spec` with its automation condition and, for the reports, its freshness policy."""
    name = spec.key.to_user_string()
    if name == CHECKPOINT.name and not deployment.train_automatically:
        return spec
    spec = spec.replace_attributes(automation_condition=condition(name))
    return spec.replace_attributes(freshness_policy=freshness(cadence)) if name == REPORTS.name else spec


def condition(name: str) -> dg.AutomationCondition:  # type: ignore[type-arg]  # of the one kind of key that assets have
    """Rebuild if the asset is missing, its code, recipe or a parent's content changed, or a parent will be rebuilt.

    Does nothing while a parent is missing, or a run is building the asset or a parent. The measuring assets depend on
    the
    data set only for its contamination check, and wait for the checkpoint that is trained on it.
    """
    ignored = dg.AssetSelection.assets(EXAMPLES.name) if name in MEASURING else None
    by: Any = dg.AutomationCondition  # its parts are typed for several kinds of keys
    changed, coming = by.any_deps_match(by.data_version_changed()), by.any_deps_match(by.will_be_requested())
    if ignored is not None:
        changed, coming = changed.ignore(ignored), coming.ignore(ignored)
    reasons = by.code_version_changed() | changed | by.newly_missing() | coming
    free = ~by.any_deps_missing() & ~by.any_deps_in_progress() & ~by.in_progress()
    whole: dg.AutomationCondition = (  # type: ignore[type-arg]  # as above
        reasons.since_last_handled() & free
    ).with_label("its code, its recipe or what it is made from has changed")
    return whole


def freshness(cadence: str) -> dg.FreshnessPolicy:
    """Warns after two missed re-evaluations; fails only after a year of them (with a weekly cadence).

    A run that finds nothing to do also confirms a report. If the schedule is never switched on, the check warns but
    does
    not fail.
    """
    pause = longest_pause(cadence)
    grace = min(GRACE, pause)
    return dg.FreshnessPolicy.time_window(warn_window=MISSED * pause + grace, fail_window=OLD * pause)


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
