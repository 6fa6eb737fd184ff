"""`skyassets history`: every report, oldest first, with its scores and drift."""

from argparse import Namespace
from collections.abc import Mapping

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, argument, json_argument
from skyassets.commands.common.rendering import new_table, print_json, print_text, printable
from skyassets.core.hints import materialize
from skyassets.project.deployment import Deployment
from skyassets.project.evaluation.history import StoredReport, history_of
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.evaluation.drift import Drift, drift
from skyassets.stages.evaluation.drift_text import describe, verdict
from skyassets.stages.evaluation.metrics import EVERY
from skyassets.stages.reporting.scoreboard import HEADLINE


def history(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show all reports, oldest first, with their scores and the drift since the previous one."""
    history = history_of(Project(recipe, deployment))
    reports = history.reports()
    pasts = [report.past() for report in reports]
    headlines = {benchmark.name: benchmark.metric for benchmark in recipe.benchmarks}
    first = max(0, len(reports) - max(options.last, 1))
    entries = [
        (reports[index], scores(reports[index], headlines), drift(pasts[index], pasts[:index]))
        for index in range(first, len(reports))
    ]
    if options.json:
        print_json([_data(*entry) for entry in entries])
        return 0
    console = Console()
    if not entries:
        print_text(console, f"No report yet. To make one: {materialize()}")
        return 1
    console.print(_table(recipe, entries))
    for report, _, drifts in entries:
        for move in drifts.drifted:
            print_text(console, f"{report.name}: {describe(move)}", "yellow")
    print_text(console, f"reports: {history.folder}")
    return 0


HISTORY = Command(
    history,
    (argument("--last", type=int, default=20, metavar="N", help="how many reports to show (20)"), json_argument()),
    (("", "all reports with their scores and drift"), ("--last 5", "the latest five"), ("--json", "the same as JSON")),
)


def scores(report: StoredReport, headlines: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Benchmark to role to headline score, as far as the report's format has it."""
    rows = report.rows
    if not {"by", "part", "benchmark", "role", "metric", "value"} <= set(rows.columns):
        return {}
    headline_scores: dict[str, dict[str, float]] = {}
    whole = rows.filter(pl.col("by") == EVERY, pl.col("part") == EVERY, pl.col("value").is_not_null())
    for row in whole.sort("benchmark", "role").iter_rows(named=True):
        benchmark = str(row["benchmark"])
        if row["metric"] == headlines.get(benchmark, HEADLINE) and " - " not in str(row["role"]):
            headline_scores.setdefault(benchmark, {})[str(row["role"])] = float(row["value"])
    return headline_scores


def _table(recipe: Recipe, entries: list[tuple[StoredReport, dict[str, dict[str, float]], Drift]]) -> Table:
    columns = ("report", "made", "scores", "drift")
    table = new_table(columns, f"{recipe.name}: reports", fold=columns[1:])
    for report, by_benchmark, drifts in entries:
        lines = [
            f"{benchmark}: " + ", ".join(f"{role} {value:.1%}" for role, value in by_role.items())
            for benchmark, by_role in by_benchmark.items()
        ]
        cells = (report.name, report.at[:16].replace("T", " "), "\n".join(lines))
        style = "yellow" if drifts.drifted else ""
        table.add_row(*(Text(printable(cell)) for cell in cells), Text(printable(verdict(drifts)), style))
    return table


def _data(report: StoredReport, by_benchmark: dict[str, dict[str, float]], drifts: Drift) -> dict[str, object]:
    return {
        "name": report.name,
        "epoch": report.epoch,
        "at": report.at,
        "scores": by_benchmark,
        "drift": verdict(drifts),
        "drifted": [describe(move) for move in drifts.drifted],
        "likely_causes": [str(change) for change in drifts.likely_causes],
    }
