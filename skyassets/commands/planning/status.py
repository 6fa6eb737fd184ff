"""`skyassets status`: which tables are fresh, which are stale and why, and what a run would cost."""

from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, json_argument
from skyassets.commands.common.rendering import new_table, print_json
from skyassets.commands.planning import rendering
from skyassets.commands.planning.run_forecast import RunForecast, run_forecast
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


def status(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show which tables are fresh, which are stale and why, and what a run would cost.

    Read-only: makes no call, starts no server, and fetches and writes nothing.
    """
    project = Project(recipe, deployment)
    now = datetime.now(UTC)
    statuses = table_statuses(project)
    forecast = run_forecast(project, statuses)
    is_fresh = not any(each.is_pending for each in statuses)
    if options.json:
        print_json(_data(project, statuses, forecast, now))
        return 0 if is_fresh else 1
    console = Console()
    console.print(_table(recipe, statuses, now))
    if forecast.lines or forecast.training:
        title = "calls and training of a run now" + " (at most)" * forecast.is_most
        console.print(rendering.calls(forecast.lines or (), forecast.training, title, forecast.to_train))
    for text in _remarks(project, statuses, forecast, now):
        # A command stays on one line, so that it can be copied.
        console.print(text, markup=False, highlight=False, soft_wrap=RUN in text)
    return 0 if is_fresh else 1


STATUS = Command(
    status,
    (json_argument(),),
    (("", "what is stale and why, and what a run would cost"), ("--json", "the same as JSON")),
    Exits("everything is fresh", "something is stale or missing"),
)


def _table(recipe: Recipe, statuses: Sequence[TableStatus], now: datetime) -> Table:
    columns = ("table", "state", "rows", "made", "why")
    table = new_table(columns, f"{recipe.name}: status of the tables", ("rows", "made"), fold=("why",))
    for each in statuses:
        table.add_row(
            each.table.name,
            Text(each.state, STYLES[each.state]),
            "-" if each.rows is None else f"{each.rows:,}",
            "-" if each.made is None else f"{_age(each.made, now)} ago",
            Text(f"built now by process {each.builder}" if each.builder else each.why.removeprefix(f"{UNFINISHED}; ")),
        )
    return table


def _remarks(project: Project, statuses: Sequence[TableStatus], forecast: RunForecast, now: datetime) -> Iterator[str]:
    yield from forecast.notes
    if not any(each.is_pending for each in statuses):
        yield "Everything is fresh: a run would rebuild nothing, make no calls and cost nothing."
    else:
        yield f"To update everything: {RUN}"
    report, epoch = next(each for each in statuses if each.table is REPORTS), _epoch(project)
    if epoch is not None and report.made is not None:
        yield f"last report: {epoch or 'the first epoch'}, {_age(report.made, now)} ago"
    yield f"re-evaluation, if its schedule is switched on: {project.recipe.reevaluate_at} (cron)"
    if project.budget is not None:
        fit = None if forecast.lines is None else fits(forecast.lines, project.budget)
        answers = {True: "the calls fit", False: "THE CALLS DO NOT FIT", None: "whether the calls fit is unknown"}
        yield f"budget per run: {in_dollars(project.budget)}; {answers[fit]}"


def _data(project: Project, statuses: Sequence[TableStatus], forecast: RunForecast, now: datetime) -> dict[str, object]:
    """The status as JSON data. Times are in UTC; `null` means unknown."""
    training = forecast.training
    return {
        "recipe": project.recipe.name,
        "tables": [
            {
                "table": each.table.name,
                "state": each.state,
                "why": each.why,
                "rows": each.rows,
                "made": each.made.isoformat() if each.made else None,
                "age_seconds": round((now - each.made).total_seconds()) if each.made else None,
                "data_version": each.data_version or None,
                "made_now_by_process": each.builder or None,
            }
            for each in statuses
        ],
        "run": {
            "calls": forecast.calls,
            "dollars": forecast.dollars,
            "is_trained": forecast.is_trained,
            "is_at_most": forecast.is_most,
            "roles": None if forecast.lines is None else list(map(rendering.line_data, forecast.lines)),
            "training": None
            if training is None
            else {
                "base": str(training.training.base),
                "steps": training.steps,
                "tokens": training.tokens,
                "hours": training.hours,
                "dollars": training.dollars,
            },
            "notes": forecast.notes,
        },
        "epoch": _epoch(project),
        "asked_again_at": project.recipe.reevaluate_at,
        "budget": project.budget,
    }


def _epoch(project: Project) -> str | None:
    """The epoch of the last report, empty for the first epoch; None without a readable report."""
    if project.store.unreadable(REPORTS):
        return None
    names = pl.scan_parquet(project.store.path(REPORTS)).select("epoch_name").head(1).collect()["epoch_name"]
    return str(names[0] or "") if names.len() else None


def _age(made: datetime, now: datetime) -> str:
    seconds = max((now - made).total_seconds(), 0.0)
    return duration(seconds) if seconds < 2 * DAY else f"{seconds / DAY:.0f} d"
