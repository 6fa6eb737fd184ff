"""`skyassets report`: the state of each table, the scores, and where to find more."""

import json
import os
import webbrowser
from argparse import ArgumentParser, Namespace
from pathlib import Path

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits
from skyassets.commands.common.rendering import printable
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


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `report`."""
    parser.add_argument("--open", action="store_true", help=f"open {PAGE} in the browser")
    parser.add_argument("--parts", action="store_true", help="the parts of each benchmark as well, by family and level")
    parser.add_argument("--epoch", metavar="NAME", help="a report of the history, by its name or how that begins")
    parser.add_argument("--json", action="store_true", help="print the rows of benchmark_reports as JSON for machines")


def report(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show what there is of each table, the scores, and where to look further."""
    project = Project(recipe, deployment)
    store = project.store
    console = Console()
    errors = Console(stderr=True)
    kept = None if options.epoch is None else _of_history(project, options.epoch, errors)
    if kept is None and options.epoch is not None:
        return 1
    folder = kept.folder if kept else store.folder
    if options.open:
        return _opened(folder / PAGE, console)
    if kept is None and not options.json:
        console.print(_tables(recipe, store))
    if lacking := _lacking(store, kept):
        (errors if options.json else console).print(lacking, markup=False, highlight=False, soft_wrap=True)
        return 1
    rows = kept.rows if kept else store.read(REPORTS)
    if options.json:
        told = json.dumps(rows.to_dicts(), indent=1, ensure_ascii=False)
        console.print(told, markup=False, highlight=False, soft_wrap=True)
        return 0
    _scores(recipe, rows, console, options.parts)
    here = Path(os.path.relpath(folder))
    files = "\n".join(f"{name:<8}{here}/{file}" for name, file in (("page", PAGE), ("text", TEXT)))
    start = f"{open_ui(deployment.data, os.environ)}     then http://127.0.0.1:3000"
    console.print(f"tables  {here}/*.parquet\n{files}\nUI      {start}", markup=False, highlight=False, soft_wrap=True)
    return 0


REPORT = Command(
    report,
    arguments,
    examples=(
        ("", "what there is of each table, and the scores"),
        ("--parts", "the scores by family and level as well"),
        ("--open", "the whole report as a page, in the browser"),
        ("--epoch 2026-01-05", "a report of the history"),
        ("--json", "the rows of benchmark_reports, for machines"),
    ),
    exits=Exits(not_well="there is no such report yet, or no browser to open it in"),
)


def _lacking(store: TableStore, kept: StoredReport | None) -> str:
    """Why there are no scores to show, for the latest report or one of the history; empty if there are."""
    if kept is not None:
        found = column_differences(REPORTS, kept.rows.schema)
        said = f"the report {kept.name} was written by an earlier version: {found}; its rows are in {kept.folder}"
        return said if found else ""
    if store.manifest(REPORTS) is None or not store.path(REPORTS).exists():
        return f"No report yet. Make it: {COMMAND}"
    return store.unreadable(REPORTS)


def _of_history(project: Project, name: str, errors: Console) -> StoredReport | None:
    """One report of the history: the newest whose name begins with `name`."""
    history = history_of(project)
    found = history.reports()
    exact = [kept for kept in found if kept.name == name]
    begun = [kept for kept in found if kept.name.startswith(name)]
    if chosen := exact or begun:
        return chosen[-1]
    there = ", ".join(kept.name for kept in found) or "none yet"
    said = f"no report {name!r} in {history.folder}; there are: {there}"
    errors.print(said, markup=False, highlight=False, soft_wrap=True)
    return None


def _opened(page: Path, console: Console) -> int:
    if not page.exists():
        console.print(f"No page at {page}. Make it: {COMMAND}", markup=False, highlight=False, soft_wrap=True)
        return 1
    address = page.resolve().as_uri()
    is_open = webbrowser.open(address)
    said = f"opened {address}" if is_open else f"no browser could be started; open it yourself: {address}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)
    return 0 if is_open else 1


def _tables(recipe: Recipe, store: TableStore) -> Table:
    shown = Table(title=Text(f"{recipe.name}: {recipe.description}"))
    for name in ("table", "rows", "made in", "data version"):
        shown.add_column(name, justify="right" if name in ("rows", "made in") else "left")
    for table in ASSET_TABLES:
        manifest = store.manifest(table)
        if manifest is not None and not store.path(table).exists():
            shown.add_row(table.name, "-", "-", "its file is gone")
            continue
        if manifest is None:
            shown.add_row(table.name, "-", "-", "not made yet")
            continue
        seconds = f"{manifest.metadata.get(SECONDS_TO_MAKE, '?')} s"
        shown.add_row(table.name, str(manifest.rows), seconds, manifest.data_version[:12])
    return shown


def _scores(recipe: Recipe, rows: pl.DataFrame, console: Console, with_parts: bool) -> None:
    headlines = {each.name: each.metric for each in recipe.benchmarks}
    board = scoreboard(rows, headlines, [each.role for each in recipe.contenders])
    console.print(Text(verdict(board)))
    for benchmark in board.benchmarks:
        console.print(_grid(metrics(board, benchmark)))
        for by in board.cuts(benchmark) if with_parts else []:
            console.print(_grid(parts(board, benchmark, by)))
    console.print(Text(f"Percent with 95% intervals. {chance_note(board)}".strip(), style="dim"))


def _grid(told: ReportTable) -> Table:
    shown = Table(title=Text(printable(told.caption)), box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name, kind in told.head:
        shown.add_column(Text(printable(name)), justify="right" if kind == ColumnType.NUMBER else "left")
    for row in told.rows:
        shown.add_row(*map(_cell, row))
    return shown


def _cell(cell: Cell) -> Text:
    """A figure with its interval below it, which keeps the cell narrow."""
    shown = Text(printable(cell.main))
    for each in cell.smalls:
        shown.append(f"\n{printable(each)}", "dim")
    return shown
