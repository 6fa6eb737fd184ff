"""When an asset is made again by itself, once somebody has switched automation on, and when a report counts as old.

A cache hit starts nothing: what counts is another data version, not another materialisation.
"""

from datetime import datetime, timedelta
from typing import Any

import dagster as dg

from skyassets.core.tables.declarations import ANSWERS, CHECKPOINT, EXAMPLES, REPORTS
from skyassets.project.deployment import Deployment

MEASURING = (ANSWERS.name, REPORTS.name)
"""Assets that are about the checkpoint: other data alone is no reason to measure it again."""
MISSED, GRACE = 2, timedelta(hours=12)
"""A report is warned of when this many re-evaluations were missed, the last one by this long."""
OLD = 52
"""Cadences (a year, by the week) after which a report that nobody confirmed counts as failing."""
TICKS = 16
"""How many ticks of a cadence are looked at for its longest pause."""


def automated(spec: dg.AssetSpec, deployment: Deployment, cadence: str) -> dg.AssetSpec:
    """`spec` with the condition under which automation makes it again, and, for the reports, when they grow old."""
    name = spec.key.to_user_string()
    if name == CHECKPOINT.name and not deployment.train_automatically:
        return spec
    spec = spec.replace_attributes(automation_condition=condition(name))
    return spec.replace_attributes(freshness_policy=freshness(cadence)) if name == REPORTS.name else spec


def condition(name: str) -> dg.AutomationCondition:  # type: ignore[type-arg]  # of the one kind of key that assets have
    """Made again when its code, its recipe or a parent's content changed, a parent will be, or it is not there at all.

    Not while a parent is missing, or a run has the asset or a parent in hand. The measuring assets hang on the data set
    for its contamination check alone, and wait for the checkpoint that is trained on it.
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
    """Warns after two missed re-evaluations; fails only after a year of them, by the week.

    A run that finds nothing to do confirms a report, too. Whoever never switches the schedule on sees a warning, and
    no failure that they had not asked for.
    """
    pause = longest_pause(cadence)
    grace = min(GRACE, pause)
    return dg.FreshnessPolicy.time_window(warn_window=MISSED * pause + grace, fail_window=OLD * pause)


def longest_pause(cadence: str) -> timedelta:
    """The longest time between two ticks of a cron line, as far as the next few tell."""
    ticks = dg.TimeWindowPartitionsDefinition(start=datetime(2024, 1, 1), cron_schedule=cadence, fmt="%Y-%m-%d-%H%M")
    window = ticks.get_first_partition_window()
    pauses = []
    for _ in range(TICKS):
        if window is None:
            break
        pauses.append(window.end - window.start)
        window = ticks.get_next_partition_window(window.end)
    return max(pauses)
