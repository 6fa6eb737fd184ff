"""`skyassets rejudge`: have what nobody could judge judged again, and nothing else."""

from argparse import ArgumentParser, Namespace
from collections import Counter

import polars as pl
from rich.console import Console
from rich.table import Table as Shown

from skyassets.assets.house import House
from skyassets.assets.place import Place
from skyassets.commands.command import Command
from skyassets.commands.stored_tables import StoredTables
from skyassets.core.judgement_store import JudgementStore
from skyassets.core.ports import Verdict
from skyassets.core.tables import ANSWERS, VERDICTS, Table
from skyassets.recipes.recipe import Recipe
from skyassets.stages.shelf import Query

UNJUDGED = Verdict.UNJUDGED.value
LOOKED_INTO: tuple[tuple[Table, str, str], ...] = (
    (VERDICTS, "verdict", "reason"),
    (ANSWERS, "strict", "strict_reason"),
    (ANSWERS, "lenient", "lenient_reason"),
)
"""The tables with verdicts, the column of the verdict, and that of its reason."""
NO_TEXT = ("the trace did not finish", "no answer: ", "the rewrite ")
"""How the reasons begin of rows that hold no text to judge."""


def arguments(parser: ArgumentParser) -> None:
    """What `rejudge` takes."""
    parser.add_argument("--dry-run", action="store_true", help="only show what is unjudged, by reason")


def rejudge(recipe: Recipe, place: Place, options: Namespace) -> int:
    """Have what nobody could judge judged again on the next run, and nothing else.

    Forgets the judgements of all recipes that ended in no verdict (time limits, comparisons without an answer); what
    was found correct or wrong stays. Rows without a text (a cut trace, a failed call) are not the graders' to mend.
    """
    house = House(recipe, place)
    shelf = StoredTables(house)
    console = Console()
    reasons = {table.name: Counter[str]() for table, _, _ in LOOKED_INTO if house.store.manifest(table) is not None}
    for table, verdict, reason in LOOKED_INTO:
        if table.name in reasons:
            found = shelf.rows(table, _unjudged(verdict, reason))["reason"]
            reasons[table.name].update(text for text in found if not text.startswith(NO_TEXT))
    if not reasons:
        console.print(f"{recipe.name} has no verdicts yet; make them first: dagster asset materialize --select '*'")
        return 1
    _show(console, reasons)
    total = sum(counts.total() for counts in reasons.values())
    if options.dry_run or not total:
        return 0
    forgotten = JudgementStore(place.data / "rows").forget_undecided()
    for table, _, _ in LOOKED_INTO:
        if counts := reasons.get(table.name):
            house.store.make_again(table, counts.total())
    told = f"{forgotten} judgements without a verdict are forgotten. Judge them again:"
    console.print(told, "  dagster asset materialize --select 'verdicts*'", sep="\n", markup=False, highlight=False)
    return 0


REJUDGE = Command(rejudge, arguments)


def _unjudged(verdict: str, reason: str) -> Query:
    return lambda rows: rows.filter(pl.col(verdict) == UNJUDGED).select(pl.col(reason).alias("reason"))


def _show(console: Console, reasons: dict[str, Counter[str]]) -> None:
    shown = Shown(title="unjudged, by reason")
    for name in ("table", "reason", "rows"):
        shown.add_column(name, justify="right" if name == "rows" else "left")
    for table, counts in reasons.items():
        for reason, rows in counts.most_common(20):
            shown.add_row(table, reason, f"{rows:,}")
    if shown.row_count:
        console.print(shown)
    else:
        console.print("Nothing with a text is unjudged.")
