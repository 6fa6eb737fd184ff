"""`skyassets ledger`: time and cost of each asset, by model, and the cost per accepted row."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits, argument, json_argument
from skyassets.commands.common.rendering import new_table, print_json, print_text
from skyassets.commands.planning.rendering import exact_dollars, short_model
from skyassets.core.tables.declarations import LEDGER as LEDGER_TABLE
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.ledger import NUMBERS, Accepted


def ledger(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show the calls, tokens and cost of each asset by model, and the cost per accepted row."""
    accounts = Project(recipe, deployment).accounts
    rows = accounts.ledger()
    kept = accounts.examples_kept()
    accepted = accounts.accepted(kept) if kept is not None else None
    if options.json:
        print_json({"rows": rows.to_dicts(), "accepted": _accepted(accepted), "last run": _last_run(rows)})
        return 0
    console = Console()
    if rows.is_empty():
        print_text(console, "There are no calls and no training yet.")
        return 1
    console.print(_table(recipe, rows, ["asset", "model", "run"] if options.runs else ["asset", "model"]))
    last = _last_run(rows)
    print_text(console, f"cost of the last run ({str(last['run'])[:8]}): {exact_dollars(last['dollars'])}")
    if accepted is not None:
        parts = ", ".join(f"{name} {exact_dollars(cost)}" for name, cost in accepted.by_asset.items())
        total = exact_dollars(accepted.dollars)
        print_text(console, f"cost of the traces and rewrites of this data set, in all runs: {total} ({parts})")
        print_text(console, f"cost per accepted row ({accepted.rows} kept): {exact_dollars(accepted.dollars_a_row)}")
    print_text(console, f"table: {accounts.tables.folder / LEDGER_TABLE.name}.parquet")
    return 0


LEDGER = Command(
    ledger,
    (argument("--runs", action="store_true", help="one line per run"), json_argument()),
    (("", "the cost of each asset, by model"), ("--runs", "the same by run")),
    Exits(failure="there are no calls and no training yet"),
)


def _table(recipe: Recipe, rows: pl.DataFrame, by: Sequence[str]) -> Table:
    # One unknown cost makes the sum unknown, so a group with a null has no sum.
    dollars = pl.when(pl.col("dollars").null_count() == 0).then(pl.col("dollars").sum()).alias("dollars")
    sums = rows.group_by(by).agg(*(pl.col(name).sum() for name in NUMBERS[:8]), dollars, pl.col("began").min())
    numbers = ("calls", "failed", "reused", "tokens in", "out", "GPU-h", "dollars")
    table = new_table(("asset", *numbers), f"{recipe.name}: calls and cost", numbers, fold=("asset",))
    for row in sums.sort("began").iter_rows(named=True):
        run = f"\n run {str(row['run'])[:8]}" if "run" in row else ""
        counts = (f"{row[name]:,}" for name in NUMBERS[:5])
        name = f"{row['asset']}\n {short_model(str(row['model']))}{run}"
        table.add_row(Text(name), *counts, f"{row['gpu_hours']:.3f}", exact_dollars(row["dollars"]))
    return table


def _last_run(rows: pl.DataFrame) -> dict[str, object]:
    if rows.is_empty():
        return {"run": None, "dollars": 0.0}
    run = rows.sort("ended")["run"][-1]
    dollars = rows.filter(pl.col("run").eq_missing(run))["dollars"]
    return {"run": run, "dollars": None if dollars.null_count() else float(dollars.sum())}


def _accepted(accepted: Accepted | None) -> dict[str, object] | None:
    if accepted is None:
        return None
    return {**asdict(accepted), "dollars": accepted.dollars, "dollars_a_row": accepted.dollars_a_row}
