"""`skyassets status`: which tables are fresh, which are stale and why, and what a run would cost."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits
from skyassets.commands.planning import rendering
from skyassets.commands.planning.outlook import RunForecast, outlook
from skyassets.core.hints import materialize
from skyassets.core.money import in_dollars
from skyassets.core.tables.declarations import REPORTS
from skyassets.core.tables.store import UNFINISHED
from skyassets.project.deployment import Deployment
from skyassets.project.progress import duration
from skyassets.project.project import Project
from skyassets.project.table_status import State, TableStatus, table_statuses
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.forecast import fits

STYLES = {
    State.FRESH: "green",
    State.PERHAPS: "yellow",
    State.STALE: "red",
    State.MISSING: "red",
    State.STUCK: "bold red",
}
DAY = 86_400
RUN = materialize()


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `status`."""
    parser.add_argument("--json", action="store_true", help="print JSON for machines")


def status(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Say which tables are fresh, which are stale and why, and what a run would ask, train and cost.

    Looks only: nobody is asked, no server started, nothing fetched or written.
    """
    project = Project(recipe, deployment)
    now = datetime.now(UTC)
    table_status = table_statuses(project)
    ahead = outlook(project, table_status)
    console = Console()
    is_fresh = not any(one.is_pending for one in table_status)
    if options.json:
        console.print(
            json.dumps(_told(project, table_status, ahead, now), indent=1),
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return 0 if is_fresh else 1
    console.print(_shown(recipe, table_status, now))
    if ahead.lines or ahead.training:
        title = "what a run would ask and train now" + ", at most" * ahead.is_most
        console.print(rendering.models(ahead.lines or (), ahead.training, title, ahead.to_train))
    for text in _remarks(project, table_status, ahead, now):
        # A command stays on one line, so that it can be copied.
        console.print(text, markup=False, highlight=False, soft_wrap=RUN in text)
    return 0 if is_fresh else 1


STATUS = Command(
    status,
    arguments,
    (("", "what is stale and why, and what a run would cost"), ("--json", "the same for machines")),
    Exits("everything is fresh", "something is stale or missing"),
)


def _shown(recipe: Recipe, table_status: Sequence[TableStatus], now: datetime) -> Table:
    shown = Table(title=f"{recipe.name}: how the tables stand", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("table", "state", "rows", "made", "why"):
        shown.add_column(
            name, justify="right" if name in ("rows", "made") else "left", no_wrap=name != "why", overflow="fold"
        )
    for one in table_status:
        shown.add_row(
            one.table.name,
            Text(one.state, STYLES[one.state]),
            "-" if one.rows is None else f"{one.rows:,}",
            "-" if one.made is None else f"{_age(one.made, now)} ago",
            Text(f"being made by process {one.builder}" if one.builder else one.why.removeprefix(f"{UNFINISHED}; ")),
        )
    return shown


def _remarks(project: Project, table_status: Sequence[TableStatus], ahead: RunForecast, now: datetime) -> Iterator[str]:
    yield from ahead.notes
    if not any(one.is_pending for one in table_status):
        yield "Everything is fresh: a run would make nothing, ask nobody and cost nothing."
    else:
        yield f"Bring it up to date: {RUN}"
    report, epoch = next(one for one in table_status if one.table is REPORTS), _epoch(project)
    if epoch is not None and report.made is not None:
        yield f"last report: {epoch or 'the first epoch'}, {_age(report.made, now)} ago"
    yield f"asked again, once the schedule is switched on: {project.recipe.reevaluate_at} (cron)"
    if project.budget is not None:
        fit = None if ahead.lines is None else fits(ahead.lines, project.budget)
        answer = {True: "the calls fit", False: "THE CALLS DO NOT FIT", None: "nobody knows whether the calls fit"}[fit]
        yield f"budget of a run: {in_dollars(project.budget)}, {answer}"


def _told(
    project: Project, table_status: Sequence[TableStatus], ahead: RunForecast, now: datetime
) -> dict[str, object]:
    """The status as JSON data. Times are in UTC; `null` means unknown."""
    training = ahead.training
    return {
        "recipe": project.recipe.name,
        "tables": [
            {
                "table": one.table.name,
                "state": one.state,
                "why": one.why,
                "rows": one.rows,
                "made": one.made.isoformat() if one.made else None,
                "age_seconds": round((now - one.made).total_seconds()) if one.made else None,
                "data_version": one.data_version or None,
                "made_now_by_process": one.builder or None,
            }
            for one in table_status
        ],
        "run": {
            "calls": ahead.calls,
            "dollars": ahead.dollars,
            "is_trained": ahead.is_trained,
            "is_at_most": ahead.is_most,
            "roles": None
            if ahead.lines is None
            else [
                asdict(line) | {"tokens": line.tokens, "hours": line.hours, "dollars": line.dollars_mean}
                for line in ahead.lines
            ],
            "training": None
            if training is None
            else {
                "base": str(training.training.base),
                "steps": training.steps,
                "tokens": training.tokens,
                "hours": training.hours,
                "dollars": training.dollars,
            },
            "notes": ahead.notes,
        },
        "epoch": _epoch(project),
        "asked_again_at": project.recipe.reevaluate_at,
        "budget": project.budget,
    }


def _epoch(project: Project) -> str | None:
    """The epoch of the last report, empty for the first epoch; None without a readable report."""
    if project.store.unreadable(REPORTS):
        return None
    found = pl.scan_parquet(project.store.path(REPORTS)).select("epoch_name").head(1).collect()["epoch_name"]
    return str(found[0] or "") if found.len() else None


def _age(made: datetime, now: datetime) -> str:
    seconds = max((now - made).total_seconds(), 0.0)
    return duration(seconds) if seconds < 2 * DAY else f"{seconds / DAY:.0f} d"
