"""`skyassets lineage`: what a row was made from and what was made of it, as a tree."""

from argparse import Namespace
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from skyassets.commands.common.command import Command, Exits, argument, json_argument
from skyassets.commands.common.rendering import print_json, print_text, row_line
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.lineage import Branch, Direction, walk
from skyassets.stages.inspection.row_lookup import SHORTEST, RowSummary, find

SHOWN = 3
"""Rows of one table below one row, before the rest is summarized."""
CANDIDATES = 10


def lineage(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show what a row was made from and what was made from it, as a tree."""
    lookup = StoredTables(Project(recipe, deployment))
    rows = find(lookup, options.id, CANDIDATES + 1)
    if len(rows) != 1:
        show_candidates(Console(stderr=options.json), recipe, options.id, rows)
        return 1
    (row,) = rows
    trees = {way: walk(lookup, row, way, None if options.all else SHOWN) for way in Direction}
    if options.json:
        print_json(_data(row) | {way.value.replace(" ", "_"): list(_children(tree)) for way, tree in trees.items()})
        return 0
    console = Console()
    console.print(row_line(row), no_wrap=True, overflow="ellipsis")
    for way, branch in trees.items():
        tree = Tree(Text(way.value, style="bold"), guide_style="dim")
        _grow(tree, branch)
        console.print(tree if tree.children else Text(f"{way.value} nothing", style="bold"))
    return 0


LINEAGE = Command(
    lineage,
    (
        argument(
            "id",
            help=f"the id of a row of any table, or at least its first {SHORTEST} characters; TABLE:ID to search one "
            "table; 'checkpoint'; or words that describe a score, such as 'strict accuracy' or 'student lenient plus'",
        ),
        argument("--all", action="store_true", help="show every row instead of summarizing many rows of a kind"),
        json_argument("print JSON, with full ids"),
    ),
    (
        ("checkpoint", "what the weights were made from, and what was made from them"),
        ("'student strict accuracy'", "everything behind a score"),
        ("sft_dataset:1a2b3c4d --all", "every row behind an example, by the beginning of its id"),
    ),
    Exits(failure="no row or several rows match"),
)


def show_candidates(console: Console, recipe: Recipe, name: str, rows: list[RowSummary], more: str = "") -> None:
    """Report that `name` matches no row (`more` adds what else was searched), or list the rows that it matches."""
    if not rows:
        console.print(
            f"No row of the recipe {recipe.name} matches {name!r}: no id begins with it{more}. Ids are shown in the UI "
            f"and stored in the Parquet files; {SHORTEST} characters are enough. For a row of another recipe, set "
            "SKYASSETS_RECIPE.",
            markup=False,
            emoji=False,
        )
        return
    many = f"more than {CANDIDATES}" if len(rows) > CANDIDATES else str(len(rows))
    print_text(console, f"{name!r} matches {many} rows; give more of the id, or TABLE:ID:")
    for row in rows[:CANDIDATES]:
        console.print(row_line(row), no_wrap=True, overflow="ellipsis")


def _grow(tree: Tree, branch: Branch) -> None:
    for child in branch.branches:
        _grow(tree.add(row_line(child.row)), child)
    for table, kinds in branch.rest.items():
        tree.add(Text(f"+ {kinds.total()} more {table}: {_counted(kinds)}", style="dim"))
    for table, count in branch.repeated.items():
        tree.add(Text(f"{count} {table} shown elsewhere in this tree", style="dim italic"))


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def _children(branch: Branch) -> Iterator[dict[str, object]]:
    for child in branch.branches:
        yield _data(child.row) | {"next": list(_children(child))}
    for table, kinds in branch.rest.items():
        yield {"table": table, "more": kinds.total(), "kinds": dict(kinds.most_common())}
    for table, count in branch.repeated.items():
        yield {"table": table, "shown_elsewhere": count}


def _data(row: RowSummary) -> dict[str, object]:
    return {"table": row.table, "id": row.id, "kind": row.kind, "says": row.description, "text": row.text}
