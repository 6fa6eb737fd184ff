"""`skyassets rejudge`: grade undecided rows again, and nothing else."""

from argparse import ArgumentParser, Namespace
from collections import Counter

import polars as pl
from rich.console import Console
from rich.table import Table as Shown
from rich.text import Text

from skyassets.commands.common.command import Command, Exits
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
LOOKED_INTO: tuple[tuple[Table, pl.Expr, str], ...] = (
    (PROBLEMS, pl.col("set_aside").str.starts_with(REFERENCE_UNJUDGED), "set_aside"),
    (BENCHMARK_PROBLEMS, pl.col("set_aside").str.starts_with(REFERENCE_UNJUDGED), "set_aside"),
    # A row without a text to grade, or without a reference, never reached a grader.
    (VERDICTS, (pl.col("verdict") == UNJUDGED) & (pl.col("backend") != ""), "reason"),
    (ANSWERS, (pl.col("strict") == UNJUDGED) & pl.col("text").is_not_null(), "strict_reason"),
    (ANSWERS, (pl.col("lenient") == UNJUDGED) & pl.col("text").is_not_null(), "lenient_reason"),
)
"""The tables with verdicts, which of their rows could not be graded, and the column of the reason."""


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `rejudge`."""
    parser.add_argument("--dry-run", action="store_true", help="only show what is unjudged, by reason")


def rejudge(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Have what nobody could judge judged again on the next run, and nothing else.

    Forgets the judgements of all recipes that ended in no verdict (time limits, comparisons without an answer); what
    was found correct or wrong stays. Rows without a text (a cut trace, a failed call) are not the graders' to mend.
    """
    project = Project(recipe, deployment)
    lookup = StoredTables(project)
    console = Console()
    reasons = {table.name: Counter[str]() for table, _, _ in LOOKED_INTO if project.store.manifest(table) is not None}
    for table, unjudged, reason in LOOKED_INTO:
        if table.name in reasons:
            reasons[table.name].update(lookup.rows(table, _reasons(unjudged, reason))["reason"])
    if not reasons:
        console.print(f"{recipe.name} has no verdicts yet; make them first: {materialize()}", soft_wrap=True)
        return 1
    _show(console, reasons)
    total = sum(counts.total() for counts in reasons.values())
    if options.dry_run or not total:
        return 0
    forgotten = JudgementStore(deployment.data / "rows").forget_undecided()
    for table in {table.name: table for table, _, _ in LOOKED_INTO}.values():
        if counts := reasons.get(table.name):
            project.store.mark_unfinished(table, counts.total())
    told = f"{forgotten} judgements without a verdict are forgotten. Judge them again:"
    console.print(told, f"  {materialize()}", sep="\n", markup=False, highlight=False, soft_wrap=True)
    return 0


REJUDGE = Command(
    rejudge,
    arguments,
    (("--dry-run", "what is unjudged, by reason"), ("", "have it judged again on the next run")),
    Exits(not_well="there are no verdicts yet"),
)


def _reasons(unjudged: pl.Expr, reason: str) -> Query:
    return lambda rows: rows.filter(unjudged).select(pl.col(reason).alias("reason"))


def _show(console: Console, reasons: dict[str, Counter[str]]) -> None:
    shown = Shown(title="unjudged, by reason")
    for name in ("table", "reason", "rows"):
        shown.add_column(name, justify="right" if name == "rows" else "left")
    for table, counts in reasons.items():
        for reason, rows in counts.most_common(20):
            shown.add_row(table, Text(reason), f"{rows:,}")
    if shown.row_count:
        console.print(shown)
    else:
        console.print("Nothing with a text is unjudged.")
