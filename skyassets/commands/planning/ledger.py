"""`skyassets ledger`: time and cost of each asset, by model, and the cost per accepted row."""

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.commands.common.command import Command, Exits
from skyassets.core.money import in_dollars
from skyassets.core.tables.declarations import LEDGER
from skyassets.project.accounts import Accounts
from skyassets.project.deployment import Deployment
from skyassets.project.project import Project
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.ledger import NUMBERS, Accepted

LONGEST_NAME = 24


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `ledger`."""
    parser.add_argument("--runs", action="store_true", help="a line for each run as well")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")


def ledger(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Show what each asset took and cost, by model, and what an accepted row costs."""
    accounts = Project(recipe, deployment).accounts
    rows = accounts.ledger()
    kept = accounts.examples_kept()
    accepted = accounts.accepted(kept) if kept is not None else None
    console = Console()
    if options.json:
        told = {"rows": rows.to_dicts(), "accepted": _accepted(accepted), "last run": _last_run(rows)}
        console.print(json.dumps(told, indent=1), markup=False, highlight=False, soft_wrap=True)
        return 0
    if rows.is_empty():
        console.print("Nothing was asked or trained here yet.")
        return 1
    by = ["asset", "model", "run"] if options.runs else ["asset", "model"]
    console.print(_shown(recipe, rows, by))
    _tell(console, rows, accounts, accepted)
    return 0


LEDGER_COMMAND = Command(
    ledger,
    arguments,
    (("", "what each asset took and cost, by model"), ("--runs", "a line for each run as well")),
    Exits(not_well="nothing was asked or trained here yet"),
)


def _shown(recipe: Recipe, rows: pl.DataFrame, by: list[str]) -> Table:
    # One unknown cost makes the sum unknown, so a group with a null has no sum.
    dollars = pl.when(pl.col("dollars").null_count() == 0).then(pl.col("dollars").sum()).alias("dollars")
    summed = rows.group_by(by).agg(*(pl.col(name).sum() for name in NUMBERS[:8]), dollars, pl.col("began").min())
    shown = Table(title=f"{recipe.name}: what it took", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("for", "calls", "failed", "reused", "tokens in", "out", "GPU-h", "dollars"):
        shown.add_column(name, justify="left" if name == "for" else "right", no_wrap=name != "for")
    for row in summed.sort("began").iter_rows(named=True):
        run = f"\n run {first(str(row['run']))}" if "run" in row else ""
        counted = [f"{row[name]:,}" for name in NUMBERS[:5]]
        named = f"{row['asset']}\n {short(str(row['model']))}{run}"
        shown.add_row(Text(named), *counted, f"{row['gpu_hours']:.3f}", _dollars(row["dollars"]))
    return shown


def _tell(console: Console, rows: pl.DataFrame, accounts: Accounts, accepted: Accepted | None) -> None:
    last = _last_run(rows)
    lines = [f"spent by the last run ({first(str(last['run']))}): {_dollars(last['dollars'])}"]
    if accepted is not None:
        parts = ", ".join(f"{name} {_dollars(cost)}" for name, cost in accepted.by_asset.items())
        lines.append(f"what these rows cost altogether, whoever paid: {_dollars(accepted.dollars)} ({parts})")
        lines.append(f"an accepted row ({accepted.rows} kept): {_dollars(accepted.dollars_a_row)}")
    lines.append(f"table: {accounts.tables.folder / LEDGER.name}.parquet")
    console.print("\n".join(lines), markup=False, highlight=False, soft_wrap=True)


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


def _dollars(amount: object) -> str:
    return in_dollars(amount) if isinstance(amount, int | float) else "unknown"


def short(model: str) -> str:
    """A model's short name: without owner and file extension, and with a shortened revision."""
    name, _, revision = model.partition("@")
    own = name.rsplit("/", 1)[-1].removesuffix(".gguf")
    return own[:LONGEST_NAME] + (f"@{revision[:8]}" if revision else "")


def first(run: str) -> str:
    """A run's id, shortened."""
    return run[:8]
