"""`skyassets report`: what there is of each table, the scores, and where to look further."""

import os
from argparse import Namespace
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.assets.house import SECONDS_TO_MAKE
from skyassets.assets.place import Place
from skyassets.core.table_store import TableStore
from skyassets.core.tables import ASSET_TABLES, REPORTS
from skyassets.recipes.recipe import Recipe
from skyassets.stages.report import EVERY, GAIN, METRICS
from skyassets.stages.report_text import in_words


def report(recipe: Recipe, place: Place, options: Namespace) -> int:
    """Show what there is of each table, the scores, and where to look further."""
    store = TableStore(place.data / recipe.name)
    console = Console()
    console.print(_tables(recipe, store))
    if store.manifest(REPORTS) is None:
        console.print(f"No report yet. Make it: {COMMAND}", markup=False)
        return 1
    every = store.read(REPORTS).filter(pl.col("family") == EVERY)
    for (benchmark,), part in every.sort("benchmark").group_by("benchmark", maintain_order=True):
        console.print(_scores(str(benchmark), part))
    here = Path(os.path.relpath(store.folder))
    console.print(f"tables  {here}/*.parquet\nreport  {here}/report.md\nUI      {UI}", markup=False, highlight=False)
    return 0


COMMAND = "dagster asset materialize -m skyassets.definitions --select '*'"
UI = "source deploy/shell.sh && dagster dev     then http://127.0.0.1:3000"


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
        seconds = f"{manifest.facts.get(SECONDS_TO_MAKE, '?')} s"
        shown.add_row(table.name, str(manifest.rows), seconds, manifest.data_version[:12])
    return shown


def _scores(benchmark: str, part: pl.DataFrame) -> Table:
    shown = Table(title=Text(f"{benchmark}: percent, with 95% intervals"))
    for name in ("score", "n", "base", "student", "p", "so"):
        shown.add_column(name, no_wrap=True)
    for metric in METRICS:
        rows = {row["role"]: row for row in part.filter(pl.col("metric") == metric).iter_rows(named=True)}
        gain = rows.get(GAIN)
        told = [_share(rows.get("base")), _share(rows.get("student"))]
        compared = [""] * 3
        if gain is not None:
            p = "" if gain["p_value"] is None else f"{gain['p_value']:.2g}"
            compared = [str(gain["n"]), p, in_words(gain).removeprefix("the student is ")]
        shown.add_row(metric.removesuffix(" accuracy"), compared[0], *told, *compared[1:])
    return shown


def _share(row: dict[str, object] | None) -> str:
    if row is None or row["value"] is None:
        return "-"
    value, low, high = (100 * float(str(row[name])) for name in ("value", "low", "high"))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"
