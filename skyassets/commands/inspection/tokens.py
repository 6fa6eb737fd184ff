"""`skyassets tokens`: one example as the trainer sees it, with the learned part in colour."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

import polars as pl
from rich.console import Console
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument, json_argument
from skyassets.commands.common.rendering import SHORT, print_json, print_text, printable
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.core.errors import StoreError
from skyassets.core.hints import materialize_all_for
from skyassets.core.ports import Conversation, TokenPiece
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.curation.examples import conversations
from skyassets.stages.training.loss_mask import CLOSES, OPENS, as_text, counts, summary

GIVEN, LEARNED, END = "dim", "bold green", "bold black on green"


def tokens(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show an example as the trainer sees it: all tokens as text, with the learned ones in green.

    Without colour, learned text stands between ⟦ and ⟧. Special tokens are shown literally.
    """
    conversation = _find_example(Project(recipe, deployment), options.example_id)
    all_pieces = deployment.pieces(recipe.training.base, conversation)
    pieces = [piece for piece in all_pieces if piece.learned or not options.learned_only]
    if options.json:
        total, learned = counts(all_pieces)
        data = {"example_id": conversation.id, "tokens": total, "learned": learned}
        print_json(data | {"pieces": list(map(asdict, pieces))})
        return 0
    console = Console()
    print_text(console, f"example {conversation.id[:SHORT]}: {summary(all_pieces)}", "bold")
    if console.is_terminal and not console.no_color:
        console.print(_coloured(pieces), soft_wrap=True)
    else:
        print_text(console, f"learned: between {OPENS} and {CLOSES}\n{as_text(pieces)}")
    return 0


TOKENS = Command(
    tokens,
    (
        argument(
            "example_id",
            nargs="?",
            default="",
            help="the id of an example of sft_dataset, or its beginning; without it, the first example",
        ),
        argument("--learned-only", action="store_true", help="show only what is learned"),
        json_argument(),
    ),
    (
        ("", "the first example, with its loss mask"),
        ("1a2b3c4d --learned-only", "what is learned from an example, by the beginning of its id"),
    ),
    Exits(failure=""),
)


def _find_example(project: Project, name: str) -> Conversation:
    """The kept example whose id begins with `name`; the first one if `name` is empty.

    Raises:
        StoreError: when there is no such example, or more than one.
    """
    if not project.store.path(EXAMPLES).exists():
        raise StoreError(
            f"tokens: the recipe {project.recipe.name} has no {EXAMPLES.name} yet; make it: "
            + materialize_all_for(EXAMPLES.name)
        )
    is_kept, matches = pl.col("dropped_by").is_null(), pl.col("example_id").str.starts_with(name)
    lookup = StoredTables(project)
    examples = lookup.rows(EXAMPLES, lambda rows: rows.filter(matches, is_kept).head(2 if name else 1))
    if examples.height == 1:
        return conversations(examples)[0]
    if examples.height:
        ids = ", ".join(ident[: max(SHORT, len(name) + 4)] for ident in examples["example_id"])
        raise StoreError(f"tokens: several ids begin with {name!r} ({ids}, ...); give more characters")
    dropped = lookup.rows(EXAMPLES, lambda rows: rows.filter(matches).select("example_id", "dropped_by").head(1))
    if name and dropped.height:
        ident, reason = dropped.row(0)
        raise StoreError(f"tokens: example {ident[:SHORT]} is not used for training: it was dropped ({reason})")
    if not name:
        raise StoreError(f"tokens: the recipe's rules drop every row of {EXAMPLES.name}")
    raise StoreError(
        f"tokens: {EXAMPLES.name} has no kept example whose id begins with {name!r}; leave it out for the first "
        "one, or find ids with `skyassets lineage`"
    )


def _coloured(pieces: Sequence[TokenPiece]) -> Text:
    text = Text()
    for piece in pieces:
        text.append(printable(piece.text.removesuffix(piece.end)), LEARNED if piece.learned else GIVEN)
        text.append(printable(piece.end), END)
    return text
