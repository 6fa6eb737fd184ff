"""`skyassets diff`: two versions of a table, by rows, columns, verdicts and lengths."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument, json_argument
from skyassets.commands.common.rendering import SHORT, new_table, print_json, print_text, printable
from skyassets.core.errors import StoreError
from skyassets.core.tables.declarations import ASSET_TABLES
from skyassets.core.tables.former_drop_reasons import translated
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.table_diff import QUANTILES, Shift, TableDiff, table_diff

TABLE = "a Parquet file, a table of the recipe (sft_dataset), or of another recipe (smoke/sft_dataset)"


def diff(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Compare two versions of a table: rows added, removed and changed, flipped verdicts, lengths."""
    before, after = _paths(recipe, deployment, options)
    key = tuple(part.strip() for part in options.key.split(",") if part.strip())
    result = table_diff(_read(before), _read(after), key)
    if options.json:
        data = {"before": str(before), "after": str(after), "same": result.is_same, "difference": asdict(result)}
        print_json(data)
    else:
        _show(Console(), before, after, result, max(options.show, 0))
    return 0 if result.is_same else 1


DIFF = Command(
    diff,
    (
        argument("before", metavar="A", help=TABLE),
        argument("after", metavar="B", nargs="?", help="the same; without it, A is compared with its previous version"),
        argument("--key", metavar="COLUMN[,COLUMN]", default="", help="the columns that identify a row"),
        argument("--show", type=int, default=5, metavar="N", help="how many rows of each kind to list (5)"),
        json_argument("print JSON, with all rows"),
    ),
    (
        ("sft_dataset", "what changed since the previous version of the table"),
        ("smoke/sft_dataset embedded/sft_dataset", "two recipes' tables"),
        ("before.parquet after.parquet --key id --show 20", "two Parquet files"),
    ),
    Exits("they are equal, apart from times and engines", "they differ", "they cannot be compared"),
)


def _paths(recipe: Recipe, deployment: Deployment, options: Namespace) -> tuple[Path, Path]:
    after = _path(recipe, deployment, options.after or options.before)
    if options.after:
        return _path(recipe, deployment, options.before), after
    before = after.parent / "previous" / after.name
    if not before.exists():
        raise StoreError(
            f"diff: {options.before} has no previous version: {before} is written when its content changes; name a "
            "second table to compare it with"
        )
    return before, after


def _path(recipe: Recipe, deployment: Deployment, name: str) -> Path:
    """The file named by `name`: a path, or else a table of a recipe."""
    if (file := Path(name)).is_file():
        return file
    owner, _, table = name.rpartition("/")
    path = deployment.data / (owner or recipe.name) / f"{table}.parquet"
    if not path.is_file():
        names = ", ".join(sorted(each.stem for each in path.parent.glob("*.parquet")))
        todo = "make it first" if table in {each.name for each in ASSET_TABLES} else f"name {TABLE}"
        raise StoreError(
            f"diff: there is no table {name!r}: neither the file {file} nor {path}; "
            f"tables in {path.parent}: {names or 'none'}; {todo}"
        )
    return path


def _read(path: Path) -> pl.DataFrame:
    try:
        rows = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(f"diff: {path} cannot be read as Parquet: {error}") from error
    return translated(rows, rows.select(pl.col(pl.String)).columns)


def _show(console: Console, before: Path, after: Path, result: TableDiff, many: int) -> None:
    for name, path, height in (("A", before, result.before), ("B", after, result.after)):
        print_text(console, f"{name}  {path}  {height} rows")
    if result.is_same:
        print_text(console, "They are equal.", "bold")
        return
    by = f"by {', '.join(result.key)}"
    table = new_table(("rows", "", by), right=("",), fold=(by,))
    unchanged = result.before - len(result.removed) - len(result.changed)
    for name, rows in (("added", result.added), ("removed", result.removed), ("changed", result.changed)):
        more = f" +{len(rows) - many} more" if len(rows) > many else ""
        table.add_row(name, str(len(rows)), Text(", ".join(map(_short, rows[:many])) + more))
    table.add_row("unchanged", str(unchanged), "")
    console.print(table)
    for side, names in (("A", result.only_before), ("B", result.only_after)):
        if names:
            print_text(console, f"columns only in {side}: {', '.join(names)}")
    if result.columns:
        table = new_table(("column", "rows that differ"), right=("rows that differ",))
        for name, count in sorted(result.columns.items(), key=lambda item: -item[1]):
            table.add_row(Text(name), str(count))
        console.print(table)
    if result.flips:
        table = new_table(
            ("flipped", "from", "to", "rows", "examples"), right=("rows",), fold=("from", "to", "examples")
        )
        for flip in result.flips:
            sides = (Text(printable(side)) for side in (flip.old, flip.new))
            table.add_row(flip.column, *sides, str(flip.count), ", ".join(map(_short, flip.rows)))
        console.print(table)
    if result.shifts:
        console.print(_lengths(result.shifts))


def _lengths(shifts: tuple[Shift, ...]) -> Table:
    numbers = ("mean", *(f"{quantile:.0%}" for quantile in QUANTILES[:-1]), "max")
    table = new_table(("length", "", *numbers), right=numbers)
    for shift in shifts:
        for name, side, values in ((shift.what, "A", shift.before), ("", "B", shift.after)):
            cells = ["-"] * len(numbers) if values is None else [f"{value:,g}" for value in values]
            table.add_row(name, side, *cells)
    return table


def _short(name: str) -> str:
    """A row's key, with its ids shortened."""
    return " ".join(part[:SHORT] for part in name.split())
