"""`skyassets rejudge`: grade undecided rows again, and nothing else."""

from argparse import Namespace
from collections import Counter

import polars as pl
from rich.console import Console
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument
from skyassets.commands.common.rendering import new_table, print_text
from skyassets.commands.common.stored_tables import StoredTables
from skyassets.core.hints import materialize
from skyassets.core.ports import Verdict
from skyassets.core.rows.judgements import JudgementStore
from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, PROBLEMS, VERDICTS, Table
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.row_lookup import Query
from skyassets.stages.problems.reference_check import REFERENCE_IS

UNJUDGED = Verdict.UNJUDGED.value
REFERENCE_UNJUDGED = f"{REFERENCE_IS} {UNJUDGED}"
GRADED: tuple[tuple[Table, pl.Expr, str], ...] = (
    (PROBLEMS, pl.col("set_aside").str.starts_with(REFERENCE_UNJUDGED), "set_aside"),
    (BENCHMARK_PROBLEMS, pl.col("set_aside").str.starts_with(REFERENCE_UNJUDGED), "set_aside"),
    # A row without a text to grade, or without a reference, never reached a grader.
    (VERDICTS, (pl.col("verdict") == UNJUDGED) & (pl.col("backend") != ""), "reason"),
    (ANSWERS, (pl.col("strict") == UNJUDGED) & pl.col("text").is_not_null(), "strict_reason"),
    (ANSWERS, (pl.col("lenient") == UNJUDGED) & pl.col("text").is_not_null(), "lenient_reason"),
)
"""The tables with verdicts, which of their rows could not be graded, and the column of the reason."""


def rejudge(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Mark unjudged rows to be judged again on the next run.

    Deletes the judgements of all recipes that ended without a verdict (time limits, undecided comparisons). Judgements
    of correct and wrong stay. Rows without a text (a truncated trace, a failed call) stay unjudged.
    """
    project = Project(recipe, deployment)
    lookup = StoredTables(project)
    console = Console()
    reasons = {table.name: Counter[str]() for table, _, _ in GRADED if project.store.manifest(table) is not None}
    for table, is_unjudged, reason in GRADED:
        if table.name in reasons:
            reasons[table.name].update(lookup.rows(table, _reasons(is_unjudged, reason))["reason"])
    if not reasons:
        print_text(console, f"{recipe.name} has no verdicts yet. To make them: {materialize()}")
        return 1
    _show(console, reasons)
    total = sum(counts.total() for counts in reasons.values())
    if options.dry_run or not total:
        return 0
    deleted = JudgementStore(deployment.data / "rows").forget_undecided()
    for table in {table.name: table for table, _, _ in GRADED}.values():
        if counts := reasons.get(table.name):
            project.store.mark_unfinished(table, counts.total())
    print_text(console, f"Deleted {deleted} judgements without a verdict. To judge them again:\n  {materialize()}")
    return 0


REJUDGE = Command(
    rejudge,
    (argument("--dry-run", action="store_true", help="only show what is unjudged, by reason"),),
    (("--dry-run", "what is unjudged, by reason"), ("", "judge it again on the next run")),
    Exits(failure="there are no verdicts yet"),
)


def _reasons(is_unjudged: pl.Expr, reason: str) -> Query:
    return lambda rows: rows.filter(is_unjudged).select(pl.col(reason).alias("reason"))


def _show(console: Console, reasons: dict[str, Counter[str]]) -> None:
    output = new_table(("table", "reason", "rows"), "unjudged rows, by reason", ("rows",), fold=("reason",))
    for table, counts in reasons.items():
        for reason, rows in counts.most_common(20):
            output.add_row(table, Text(reason), f"{rows:,}")
    if output.row_count:
        console.print(output)
    else:
        print_text(console, "Every row with a text is judged.")
