"""`skyassets reask`: ask again the calls that were paid for and brought no text."""

from argparse import Namespace

import polars as pl
from rich.console import Console
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument
from skyassets.commands.common.rendering import new_table, print_text, printable
from skyassets.commands.inspection.failed_requests import failed_rows, request_ids
from skyassets.commands.planning.rendering import short_model
from skyassets.core.hints import materialize
from skyassets.core.rows.failures import failure_store
from skyassets.core.tables.declarations import Table
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.sampling.usage import kind_of


def reask(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Mark the recipe's calls that failed for good to be made again on the next run.

    Such a call was paid for and brought no text (an empty answer, one of more than 64 MB, one without a completion),
    so that later runs do not repeat it. Forgets those that the recipe's tables list; the failures of other recipes
    stay. Calls that failed in any other way are repeated by the next run without this.
    """
    console = Console()
    project = Project(recipe, deployment)
    failures = failure_store(deployment.data / "rows")
    failed = failed_rows(project)
    everything = failures.everything(["model", "error", "asked_for"])
    stored = everything.filter(pl.col("completion_id").is_in(list(request_ids(project, failed))))
    # Without a stored failure another recipe's `reask` has forgotten it: a table that lists it still has to be made.
    unmarked = {table: rows.height for table, rows in failed.items() if _unfinished(project, table) < rows.height}
    if stored.height:
        _show(console, stored)
    if others := everything.height - stored.height:
        print_text(console, f"{others} failures that the tables of {recipe.name} do not list stay as they are.")
    if stored.is_empty() and not unmarked:
        run = f" The next run asks as it is: {materialize()}" if failed else ""
        print_text(console, f"There is nothing to ask again for {recipe.name}.{run}")
        return 1
    if options.dry_run:
        return 0
    for table, rows in failed.items():
        project.store.mark_unfinished(table, rows.height)
    failures.remove(stored["completion_id"].to_list())
    forgot = f"Forgot {stored.height} failures of {recipe.name}." if stored.height else "They are forgotten already."
    print_text(console, f"{forgot} To ask again:\n  {materialize()}")
    return 0


REASK = Command(
    reask,
    (argument("--dry-run", action="store_true", help="only show the calls that failed for good, by reason"),),
    (("--dry-run", "the recipe's calls that failed for good, by reason"), ("", "ask them again on the next run")),
    Exits(failure="there is nothing to ask again"),
)


def _unfinished(project: Project, table: Table) -> int:
    """How many rows of a table the next run makes again."""
    manifest = project.store.manifest(table)
    return manifest.unfinished if manifest is not None else 0


def _show(console: Console, stored: pl.DataFrame) -> None:
    kinds = stored.with_columns(pl.col("error").map_elements(kind_of, return_dtype=pl.String()))
    counts = kinds.group_by("asked_for", "model", "error").len("calls").sort("calls", descending=True)
    output = new_table(("asked for", "reason", "calls"), "calls that failed for good", ("calls",), fold=("reason",))
    for row in counts.iter_rows(named=True):
        name = f"{row['asked_for']}\n {short_model(str(row['model']))}"
        output.add_row(Text(printable(name)), Text(printable(row["error"])), f"{row['calls']:,}")
    console.print(output)
