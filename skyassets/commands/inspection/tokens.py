"""`skyassets tokens`: one example as the trainer sees it, with the learned part in colour."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict

import polars as pl
from rich.console import Console
from rich.text import Text

from skyassets.commands.common.command import Command
from skyassets.commands.common.rendering import SHORT, printable
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.core.errors import StoreError
from skyassets.core.hints import materialize
from skyassets.core.ports import Conversation, TokenPiece
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.curation.examples import conversations
from skyassets.stages.training.loss_mask import CLOSES, OPENS, as_text, counts, in_words

GIVEN, LEARNED, END = "dim", "bold green", "bold black on green"


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `tokens`."""
    parser.add_argument(
        "example_id", nargs="?", default="", help="an example of sft_dataset, by its id or how that begins (the first)"
    )
    parser.add_argument("--learned-only", action="store_true", help="leave out what is given and not learned")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")


def tokens(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show one example as the trainer sees it: all its tokens as text, what is learned in green, the rest dim.

    Where there is no colour, what is learned stands between ⟦ and ⟧. Special tokens are shown as they are.
    """
    conversation = _named(Project(recipe, deployment), options.example_id)
    whole = deployment.pieces(recipe.training.base, conversation)
    pieces = [piece for piece in whole if piece.learned or not options.learned_only]
    console = Console()
    if options.json:
        total, learned = counts(whole)
        told = {"example_id": conversation.id, "tokens": total, "learned": learned, "pieces": list(map(asdict, pieces))}
        console.print(json.dumps(told, ensure_ascii=False, indent=1), markup=False, highlight=False, soft_wrap=True)
        return 0
    head = f"example {conversation.id[:SHORT]}: {printable(in_words(whole))}"
    console.print(head, style="bold", markup=False, highlight=False, soft_wrap=True)
    if console.is_terminal and not console.no_color:
        console.print(_coloured(pieces), soft_wrap=True)
    else:
        shown = f"learned: between {OPENS} and {CLOSES}\n{as_text(pieces)}"
        console.print(shown, markup=False, highlight=False, soft_wrap=True)
    return 0


TOKENS = Command(
    tokens,
    arguments,
    (
        ("", "the first example as the trainer sees it, with its loss mask"),
        ("1a2b3c4d --learned-only", "what is learned of an example, by how its id begins"),
    ),
)


def _named(project: Project, name: str) -> Conversation:
    """The kept example whose id begins with `name`; the first one if `name` is empty.

    Raises:
        StoreError: when there is no such example, or more than one.
    """
    if not project.store.path(EXAMPLES).exists():
        raise StoreError(
            f"tokens: the recipe {project.recipe.name} has no {EXAMPLES.name} yet; make it: "
            + materialize(f"'*{EXAMPLES.name}'")
        )
    is_kept, is_meant = pl.col("dropped_by").is_null(), pl.col("example_id").str.starts_with(name)
    lookup = StoredTables(project)
    found = lookup.rows(EXAMPLES, lambda rows: rows.filter(is_meant, is_kept).head(2 if name else 1))
    if found.height == 1:
        return conversations(found)[0]
    if found.height:
        ids = ", ".join(ident[: max(SHORT, len(name) + 4)] for ident in found["example_id"])
        raise StoreError(f"tokens: several examples begin with {name!r} ({ids}, ...); name more of the id")
    dropped = lookup.rows(EXAMPLES, lambda rows: rows.filter(is_meant).select("example_id", "dropped_by").head(1))
    if name and dropped.height:
        ident, reason = dropped.row(0)
        raise StoreError(f"tokens: example {ident[:SHORT]} is not trained on: it was dropped ({reason})")
    raise StoreError(
        f"tokens: {EXAMPLES.name} keeps no example"
        + (
            f" whose id begins with {name!r}; leave it out for the first one, or see `skyassets lineage` for ids"
            if name
            else "; loosen the recipe's rules"
        )
    )


def _coloured(pieces: Sequence[TokenPiece]) -> Text:
    shown = Text()
    for piece in pieces:
        shown.append(printable(piece.text.removesuffix(piece.end)), LEARNED if piece.learned else GIVEN)
        shown.append(printable(piece.end), END)
    return shown
