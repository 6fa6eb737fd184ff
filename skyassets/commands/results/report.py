"""`skyassets report`: the state of each table, the scores, and where to find more."""

import os
import webbrowser
from argparse import Namespace
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument, json_argument
from skyassets.commands.common.rendering import new_table, print_json, print_text, printable
from skyassets.core.hints import materialize, open_ui
from skyassets.core.tables.declarations import ASSET_TABLES, REPORTS
from skyassets.core.tables.store import TableStore, column_differences
from skyassets.project.deployment import Deployment
from skyassets.project.evaluation.history import StoredReport, history_of
from skyassets.project.evaluation.report_files import PAGE, TEXT
from skyassets.project.project import SECONDS_TO_MAKE, Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.markup.table import Cell, ColumnType, ReportTable
from skyassets.stages.reporting.scoreboard import scoreboard
from skyassets.stages.reporting.tables import metrics, parts
from skyassets.stages.reporting.wording import chance_note, verdict

COMMAND = materialize()


def report(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show the tables and the scores, and where to find more."""
    project = Project(recipe, deployment)
    store = project.store
    console, errors = Console(), Console(stderr=True)
    past = None if options.epoch is None else _find_past(project, options.epoch, errors)
    if past is None and options.epoch is not None:
        return 1
    folder = past.folder if past else store.folder
    if options.open:
        return _open(folder / PAGE, console)
    if past is None and not options.json:
        print_text(console, f"{recipe.name}: {recipe.description}")
        console.print(_tables(store))
    if lacking := _lacking(store, past):
        print_text(errors if options.json else console, lacking)
        return 1
    rows = past.rows if past else store.read(REPORTS)
    if options.json:
        print_json(rows.to_dicts())
        return 0
    _show_scores(recipe, rows, console, options.parts)
    here = Path(os.path.relpath(folder))
    ui = f"{open_ui(deployment.data, os.environ)}     then http://127.0.0.1:3000"
    for name, value in (("tables", f"{here}/*.parquet"), ("page", here / PAGE), ("text", here / TEXT), ("UI", ui)):
        print_text(console, f"{name:<8}{value}")
    return 0


REPORT = Command(
    report,
    (
        argument("--open", action="store_true", help=f"open {PAGE} in the browser"),
        argument("--parts", action="store_true", help="also show the scores by family and level"),
        argument("--epoch", metavar="NAME", help="show a report of the history, by its name or the beginning of it"),
        json_argument("print the rows of benchmark_reports as JSON"),
    ),
    (
        ("", "the tables and the scores"),
        ("--parts", "also the scores by family and level"),
        ("--open", "the whole report as a page, in the browser"),
        ("--epoch 2026-01-05", "a report of the history"),
        ("--json", "the rows of benchmark_reports as JSON"),
    ),
    Exits(failure="there is no such report yet, or no browser to open it in"),
)


def _lacking(store: TableStore, past: StoredReport | None) -> str:
    """Why there are no scores to show, for the latest report or one of the history; empty if there are."""
    if past is not None:
        differences = column_differences(REPORTS, past.rows.schema)
        text = f"the report {past.name} was written by an earlier version: {differences}; its rows are in {past.folder}"
        return text if differences else ""
    if store.manifest(REPORTS) is None or not store.path(REPORTS).exists():
        return f"No report yet. To make it: {COMMAND}"
    return store.unreadable(REPORTS)


def _find_past(project: Project, name: str, errors: Console) -> StoredReport | None:
    """The report of the history with this name, else the newest whose name begins with it."""
    history = history_of(project)
    reports = history.reports()
    exact = [past for past in reports if past.name == name]
    if matches := exact or [past for past in reports if past.name.startswith(name)]:
        return matches[-1]
    names = ", ".join(past.name for past in reports) or "none yet"
    print_text(errors, f"there is no report {name!r} in {history.folder}; the reports are: {names}")
    return None


def _open(page: Path, console: Console) -> int:
    if not page.exists():
        print_text(console, f"There is no page {page} yet. To make it: {COMMAND}")
        return 1
    address = page.resolve().as_uri()
    is_open = webbrowser.open(address)
    print_text(console, f"opened {address}" if is_open else f"no browser could be started; open it yourself: {address}")
    return 0 if is_open else 1


def _tables(store: TableStore) -> Table:
    output = new_table(("table", "rows", "made in", "data version"), right=("rows", "made in"))
    for table in ASSET_TABLES:
        manifest = store.manifest(table)
        if manifest is None:
            output.add_row(table.name, "-", "-", "not made yet")
        elif not store.path(table).exists():
            output.add_row(table.name, "-", "-", "its file is missing")
        else:
            seconds = f"{manifest.metadata.get(SECONDS_TO_MAKE, '?')} s"
            output.add_row(table.name, str(manifest.rows), seconds, manifest.data_version[:12])
    return output


def _show_scores(recipe: Recipe, rows: pl.DataFrame, console: Console, with_parts: bool) -> None:
    headlines = {each.name: each.metric for each in recipe.benchmarks}
    board = scoreboard(rows, headlines, [each.role for each in recipe.contenders])
    console.print(Text(verdict(board)))
    for benchmark in board.benchmarks:
        console.print(_table(metrics(board, benchmark)))
        for by in board.cuts(benchmark) if with_parts else []:
            console.print(_table(parts(board, benchmark, by)))
    console.print(Text(f"Percent with 95% intervals. {chance_note(board)}".strip(), style="dim"))


def _table(table: ReportTable) -> Table:
    right = [name for name, kind in table.head if kind == ColumnType.NUMBER]
    columns = [name for name, _ in table.head]
    output = new_table(columns, table.caption, right, fold=columns)
    for row in table.rows:
        output.add_row(*map(_cell, row))
    return output


def _cell(cell: Cell) -> Text:
    """A figure with its interval below it, which keeps the cell narrow."""
    text = Text(printable(cell.main))
    for each in cell.smalls:
        text.append(f"\n{printable(each)}", "dim")
    return text
