"""`skyassets diff`: two versions of a table, by rows, columns, verdicts and lengths."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits
from skyassets.commands.common.rendering import SHORT, printable
from skyassets.core.errors import StoreError
from skyassets.core.tables.declarations import ASSET_TABLES
from skyassets.core.tables.former_drop_reasons import translated
from skyassets.project.deployment import Deployment
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.table_diff import QUANTILES, Difference, Shift, difference

NAMED = "a Parquet file, an asset of the recipe (sft_dataset), or one of another (smoke/sft_dataset)"


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `diff`."""
    parser.add_argument("before", metavar="A", help=NAMED)
    parser.add_argument(
        "after", metavar="B", nargs="?", help="the same; without it, A is held against what it was before it changed"
    )
    parser.add_argument("--key", metavar="COLUMN[,COLUMN]", default="", help="which columns tell the rows apart")
    parser.add_argument("--show", type=int, default=5, help="how many rows to name of each kind (5)")
    parser.add_argument("--json", action="store_true", help="print JSON for machines, with all rows")


def diff(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Compare two versions of a table: rows added, removed and changed, flipped verdicts, lengths."""
    before, after = _named(recipe, deployment, options)
    key = tuple(part.strip() for part in options.key.split(",") if part.strip())
    found = difference(_read(before), _read(after), key)
    console = Console()
    if options.json:
        told = {"before": str(before), "after": str(after), "same": found.is_same, "difference": asdict(found)}
        console.print(json.dumps(told, ensure_ascii=False, indent=1), markup=False, highlight=False, soft_wrap=True)
    else:
        _show(console, before, after, found, max(options.show, 0))
    return 0 if found.is_same else 1


DIFF = Command(
    diff,
    arguments,
    (
        ("sft_dataset", "what changed since the table was last another one"),
        ("smoke/sft_dataset embedded/sft_dataset", "two recipes' tables"),
        ("before.parquet after.parquet --key id --show 20", "two Parquet files"),
    ),
    Exits("the two say the same, clocks and engines apart", "they differ", "they cannot be compared"),
)


def _named(recipe: Recipe, deployment: Deployment, options: Namespace) -> tuple[Path, Path]:
    after = _path(recipe, deployment, options.after or options.before)
    if options.after:
        return _path(recipe, deployment, options.before), after
    before = after.parent / "previous" / after.name
    if not before.exists():
        raise StoreError(
            f"diff: no earlier version of {options.before} is kept: {before} is there once its content has changed; "
            "name a second table to compare it with"
        )
    return before, after


def _path(recipe: Recipe, deployment: Deployment, name: str) -> Path:
    """The file named by `name`: a path, or else a table of a recipe."""
    if (file := Path(name)).is_file():
        return file
    owner, _, table = name.rpartition("/")
    path = deployment.data / (owner or recipe.name) / f"{table}.parquet"
    if not path.is_file():
        there = sorted(each.stem for each in path.parent.glob("*.parquet"))
        known = {each.name: each for each in ASSET_TABLES}
        todo = "make it first" if table in known else f"name {NAMED}"
        raise StoreError(
            f"diff: there is no table {name!r}: neither the file {file} nor {path}; "
            f"{path.parent.name} has {', '.join(there) or 'none'}; {todo}"
        )
    return path


def _read(path: Path) -> pl.DataFrame:
    try:
        rows = pl.read_parquet(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(f"diff: {path} cannot be read as Parquet: {error}") from error
    return translated(rows, rows.select(pl.col(pl.String)).columns)


def _show(console: Console, before: Path, after: Path, found: Difference, many: int) -> None:
    for name, path, height in (("A", before, found.before), ("B", after, found.after)):
        console.print(f"{name}  {path}  {height} rows", markup=False, highlight=False, soft_wrap=True)
    if found.is_same:
        console.print("They say the same.", style="bold")
        return
    counts = Table("rows", "", f"by {', '.join(found.key)}", box=box.SIMPLE_HEAD)
    same = found.before - len(found.removed) - len(found.changed)
    for name, rows in (("added", found.added), ("removed", found.removed), ("changed", found.changed)):
        more = f" +{len(rows) - many} more" if len(rows) > many else ""
        counts.add_row(name, str(len(rows)), Text(", ".join(map(_short, rows[:many])) + more))
    counts.add_row("the same", str(same), "")
    console.print(counts)
    for what, names in (("only in A", found.only_before), ("only in B", found.only_after)):
        if names:
            console.print(f"columns {what}: {', '.join(names)}", markup=False, highlight=False)
    if found.columns:
        columns = Table("column", "rows that differ", box=box.SIMPLE_HEAD)
        for name, count in sorted(found.columns.items(), key=lambda item: -item[1]):
            columns.add_row(Text(name), str(count))
        console.print(columns)
    if found.flips:
        flips = Table("flipped", "from", "to", "rows", "such as", box=box.SIMPLE_HEAD)
        for flip in found.flips:
            such = ", ".join(map(_short, flip.rows))
            flips.add_row(flip.column, *(Text(printable(side)) for side in (flip.old, flip.new)), str(flip.count), such)
        console.print(flips)
    if found.shifts:
        console.print(_lengths(found.shifts))


def _lengths(shifts: tuple[Shift, ...]) -> Table:
    heads = ("mean", *(f"{quantile:.0%}" for quantile in QUANTILES[:-1]), "most")
    shown = Table("length", "", *heads, box=box.SIMPLE_HEAD)
    for shift in shifts:
        for name, side, values in ((shift.what, "A", shift.before), ("", "B", shift.after)):
            shown.add_row(name, side, *(["-"] * len(heads) if values is None else (f"{value:,g}" for value in values)))
    return shown


def _short(name: str) -> str:
    """A row's key, with its ids shortened."""
    return " ".join(part[:SHORT] for part in name.split())
