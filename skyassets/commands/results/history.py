"""`skyassets history`: every report, oldest first, with its scores and drift."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command
from skyassets.commands.common.rendering import printable
from skyassets.core.hints import materialize
from skyassets.project.deployment import Deployment
from skyassets.project.evaluation.history import StoredReport, history_of
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.evaluation.drift import Drift, drift
from skyassets.stages.evaluation.drift_text import describe, verdict
from skyassets.stages.evaluation.metrics import EVERY
from skyassets.stages.reporting.scoreboard import HEADLINE


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `history`."""
    parser.add_argument("--last", type=int, default=20, metavar="N", help="how many reports to show (20)")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")


def history(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show every report that was made, oldest first, with its scores and what drifted since the one before."""
    kept = history_of(Project(recipe, deployment)).reports()
    pasts = [report.past() for report in kept]
    headlines = {benchmark.name: benchmark.metric for benchmark in recipe.benchmarks}
    first = max(0, len(kept) - max(options.last, 1))
    told = [
        (report, scores(report, headlines), drift(pasts[deployment], pasts[:deployment]))
        for deployment, report in enumerate(kept)
        if deployment >= first
    ]
    console = Console()
    if options.json:
        console.print(
            json.dumps([_plain(*each) for each in told], indent=1), markup=False, highlight=False, soft_wrap=True
        )
        return 0
    if not told:
        console.print(f"No report was made yet. Make one: {materialize()}", soft_wrap=True)
        return 1
    console.print(_shown(recipe, told))
    for report, _, found in told:
        for move in found.drifted:
            console.print(Text(f"{report.name}: {printable(describe(move))}", "yellow"), soft_wrap=True)
    console.print(
        f"reports: {history_of(Project(recipe, deployment)).folder}", markup=False, highlight=False, soft_wrap=True
    )
    return 0


HISTORY = Command(
    history,
    arguments,
    examples=(
        ("", "all reports with their scores, and what drifted since the one before"),
        ("--last 5", "the latest five"),
        ("--json", "the same for a program"),
    ),
)


def scores(report: StoredReport, headlines: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Benchmark to role to headline score, as far as the report's format has it."""
    rows = report.rows
    if not {"by", "part", "benchmark", "role", "metric", "value"} <= set(rows.columns):
        return {}
    found: dict[str, dict[str, float]] = {}
    whole = rows.filter(pl.col("by") == EVERY, pl.col("part") == EVERY, pl.col("value").is_not_null())
    for row in whole.sort("benchmark", "role").iter_rows(named=True):
        named = str(row["benchmark"])
        if row["metric"] == headlines.get(named, HEADLINE) and " - " not in str(row["role"]):
            found.setdefault(named, {})[str(row["role"])] = float(row["value"])
    return found


def _shown(recipe: Recipe, told: list[tuple[StoredReport, dict[str, dict[str, float]], Drift]]) -> Table:
    shown = Table(title=f"{recipe.name}: its reports", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    shown.add_column("report", no_wrap=True)
    shown.add_column("made")
    shown.add_column("scores")
    shown.add_column("drift")
    for report, found, drifted in told:
        lines = [
            f"{name}: " + ", ".join(f"{role} {value:.1%}" for role, value in by.items()) for name, by in found.items()
        ]
        style = "yellow" if drifted.drifted else ""
        cells = (report.name, report.at[:16].replace("T", " "), "\n".join(lines))
        shown.add_row(*(Text(printable(cell)) for cell in cells), Text(printable(verdict(drifted)), style))
    return shown


def _plain(report: StoredReport, found: dict[str, dict[str, float]], drifted: Drift) -> dict[str, object]:
    return {
        "name": report.name,
        "epoch": report.epoch,
        "at": report.at,
        "scores": found,
        "drift": verdict(drifted),
        "drifted": [describe(move) for move in drifted.drifted],
        "changed": [str(change) for change in drifted.likely_causes],
    }
