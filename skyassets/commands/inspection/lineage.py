"""`skyassets lineage`: what a row was made from and what was made of it, as a tree."""

import json
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from skyassets.commands.common.command import Command, Exits
from skyassets.commands.common.rendering import line
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.lineage import Branch, Direction, walk
from skyassets.stages.inspection.row_lookup import SHORTEST, RowSummary, find

SHOWN = 3
"""Rows of one table below one row, before the rest is summarized."""
CANDIDATES = 10


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `lineage`."""
    parser.add_argument(
        "id",
        help=f"the id of a row of any table or its first {SHORTEST} characters or more, TABLE:ID to look into one "
        "table alone, 'checkpoint', or a score by its words such as 'strict accuracy' or 'student lenient plus'",
    )
    parser.add_argument("--all", action="store_true", help="show every row; without it, many of a kind are summed up")
    parser.add_argument("--json", action="store_true", help="print JSON for machines, ids in full")


def lineage(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Walk from any row to what it was made from and to what was made of it."""
    lookup = StoredTables(Project(recipe, deployment))
    console = Console()
    found = find(lookup, options.id, CANDIDATES + 1)
    if len(found) != 1:
        show_candidates(Console(stderr=options.json), recipe, options.id, found)
        return 1
    trees = {way: walk(lookup, found[0], way, None if options.all else SHOWN) for way in Direction}
    if options.json:
        told = {**_facts(found[0]), **{way.value.replace(" ", "_"): _nested(tree) for way, tree in trees.items()}}
        console.print(json.dumps(told, ensure_ascii=False, indent=1), markup=False, highlight=False, soft_wrap=True)
        return 0
    console.print(line(found[0]), no_wrap=True, overflow="ellipsis")
    for way, tree in trees.items():
        shown = Tree(Text(way.value, style="bold"), guide_style="dim")
        _grow(shown, tree)
        console.print(shown if shown.children else Text(f"{way.value} nothing", style="bold"))
    return 0


LINEAGE = Command(
    lineage,
    arguments,
    (
        ("checkpoint", "what the weights were made from, and what was made of them"),
        ("'student strict accuracy'", "everything behind a score"),
        ("sft_dataset:1a2b3c4d --all", "every row behind an example, by how its id begins"),
    ),
    Exits(not_well="no row is called so, or several are"),
)


def show_candidates(console: Console, recipe: Recipe, name: str, found: list[RowSummary], more: str = "") -> None:
    """Report that `name` matches no row (`more` adds what else was searched), or list the rows it may mean."""
    if not found:
        console.print(
            f"Nothing of the recipe {recipe.name} is called {name!r}: no id begins with it{more}. An id, or {SHORTEST} "
            "characters of one or more, stands in the UI and in the Parquet files; if it belongs to another recipe, "
            "say which: SKYASSETS_RECIPE=...",
            markup=False,
            emoji=False,
        )
        return
    many = f"more than {CANDIDATES}" if len(found) > CANDIDATES else str(len(found))
    console.print(f"{name!r} may mean {many} rows; give more of the id, or TABLE:ID:", markup=False, emoji=False)
    for row in found[:CANDIDATES]:
        console.print(line(row), no_wrap=True, overflow="ellipsis")


def _grow(tree: Tree, branch: Branch) -> None:
    for child in branch.branches:
        _grow(tree.add(line(child.row)), child)
    for table, kinds in branch.rest.items():
        tree.add(Text(f"+ {kinds.total()} more {table}: {_counted(kinds)}", style="dim"))
    for table, count in branch.repeated.items():
        tree.add(Text(f"{count} {table} shown elsewhere in this tree", style="dim italic"))


def _counted(kinds: Counter[str]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())


def _nested(branch: Branch) -> list[dict[str, object]]:
    return list(_children(branch))


def _children(branch: Branch) -> Iterator[dict[str, object]]:
    for child in branch.branches:
        yield {**_facts(child.row), "next": _nested(child)}
    for table, kinds in branch.rest.items():
        yield {"table": table, "more": kinds.total(), "kinds": dict(kinds.most_common())}
    for table, count in branch.repeated.items():
        yield {"table": table, "shown_elsewhere": count}


def _facts(row: RowSummary) -> dict[str, object]:
    return {"table": row.table, "id": row.id, "kind": row.kind, "says": row.description, "text": row.text}
