"""`skyassets reask`: ask again the calls that were paid for and brought no text."""

from argparse import Namespace

import polars as pl
from rich.console import Console
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument
from skyassets.commands.common.rendering import new_table, print_text, printable
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.commands.planning.rendering import short_model
from skyassets.core.hints import materialize
from skyassets.core.rows.failures import NOT_AGAIN, failure_store
from skyassets.core.tables.declarations import ANSWERS, PROBLEMS, REWRITES, TRACES, VERDICTS, Table
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.sampling.usage import kind_of

REASONS: dict[Table, tuple[str, ...]] = {
    PROBLEMS: ("set_aside",),
    TRACES: ("error",),
    REWRITES: ("failed",),
    VERDICTS: ("reason",),
    ANSWERS: ("error", "strict_reason", "lenient_reason"),
}
"""The tables that ask models, and the columns that hold the reason of a failure."""


def reask(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Mark calls that failed for good to be made again on the next run.

    Such a call was paid for and brought no text (an empty answer, one of more than 64 MB, one without a completion),
    so that later runs do not repeat it. Forgets them for all recipes. Calls that failed in any other way are repeated
    by the next run without this.
    """
    console = Console()
    failures = failure_store(deployment.data / "rows")
    stored = failures.everything(["model", "error", "asked_for"])
    project = Project(recipe, deployment)
    made = [table for table in REASONS if project.store.manifest(table) is not None]
    # Also when nothing is stored any more: another recipe's `reask` has forgotten this recipe's failures too.
    failed = {table: rows for table in made if (rows := _failed_rows(project, table))}
    if stored.is_empty() and not failed:
        print_text(console, "No call has failed for good.")
        return 1
    _show(console, stored)
    if options.dry_run:
        return 0
    for table, rows in failed.items():
        project.store.mark_unfinished(table, rows)
    failures.clear()
    print_text(console, f"Forgot {stored.height} failures. To ask again:\n  {materialize()}")
    return 0


REASK = Command(
    reask,
    (argument("--dry-run", action="store_true", help="only show the calls that failed for good, by reason"),),
    (("--dry-run", "the calls that failed for good, by reason"), ("", "ask them again on the next run")),
    Exits(failure="no call has failed for good"),
)


def _failed_rows(project: Project, table: Table) -> int:
    """How many rows of a table have such a failure as their reason."""
    is_failed = pl.any_horizontal(
        pl.col(name).str.contains(NOT_AGAIN, literal=True).fill_null(value=False) for name in REASONS[table]
    )
    return StoredTables(project).rows(table, lambda rows: rows.filter(is_failed).select(table.key)).height


def _show(console: Console, stored: pl.DataFrame) -> None:
    reason = pl.col("error").str.strip_suffix(f"; {NOT_AGAIN}")
    kinds = stored.with_columns(reason.map_elements(kind_of, return_dtype=pl.String()))
    counts = kinds.group_by("asked_for", "model", "error").len("calls").sort("calls", descending=True)
    output = new_table(("asked for", "reason", "calls"), "calls that failed for good", ("calls",), fold=("reason",))
    for row in counts.iter_rows(named=True):
        name = f"{row['asked_for']}\n {short_model(str(row['model']))}"
        output.add_row(Text(printable(name)), Text(printable(row["error"])), f"{row['calls']:,}")
    console.print(output)
