"""`skyassets forecast`: the calls a run would make now, their time and cost, compared with the budget."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from skyassets.commands.common.command import Command, Exits
from skyassets.commands.planning.ledger import short
from skyassets.core.money import Budget, in_dollars
from skyassets.project.deployment import Deployment
from skyassets.project.estimate import CallEstimate
from skyassets.project.progress import duration
from skyassets.project.project import Project
from skyassets.project.settings import dollars_in
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.forecast import HOUR, Line, fits, total

PILOT = 20


def arguments(parser: ArgumentParser) -> None:
    """The arguments of `forecast`."""
    parser.add_argument(
        "--pilot", type=int, default=PILOT, help=f"calls to ask of each role first ({PILOT}); they are kept and reused"
    )
    parser.add_argument("--budget", help="dollars; without it, the recipe's and SKYASSETS_BUDGET")
    parser.add_argument("--json", action="store_true", help="print JSON for machines")


def forecast(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Say how many calls a run would make now, and what they take and cost; by the mean of a call."""
    project = Project(recipe, deployment)
    budget = project.budget if options.budget is None else dollars_in("--budget", options.budget)
    console = Console()
    said = Console(stderr=True)
    estimate = CallEstimate(
        project,
        max(options.pilot, 0),
        Budget(budget),
        lambda line: said.print(line, markup=False, highlight=False, soft_wrap=True),
        f"forecast-{datetime.now(UTC).isoformat()}",
    )
    lines = list(estimate.lines())
    if options.json:
        told = {"lines": [_told(line) for line in lines], "sum": _sums(lines), "budget": budget}
        told["fits"] = fits(lines, budget)
        console.print(json.dumps(told, indent=1), markup=False, highlight=False, soft_wrap=True)
    else:
        console.print(_shown(recipe, lines))
        for text in (*_notes(lines), verdict(lines, budget)):
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    return 0 if fits(lines, budget) else 1


FORECAST = Command(
    forecast,
    arguments,
    (
        ("--pilot 0", "what a run would ask now; nobody is asked"),
        ("--pilot 20 --budget 50", "ask 20 calls of each role first, and hold the sum against $50"),
    ),
    Exits("the cost to be expected keeps to the budget", "it does not, or nobody knows it"),
)


def _shown(recipe: Recipe, lines: Sequence[Line]) -> Table:
    shown = Table(title=f"{recipe.name}: what a run would ask now", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("who", "stored", "calls", "p50 (p95)\na call", "tokens", "time", "p50 to p95\nin all"):
        shown.add_column(name, justify="left" if name == "who" else "right", no_wrap=name != "who")
    for line in lines:
        shown.add_row(
            f"{line.asset}\n {line.role}: {short(line.model.partition('@')[0])}",
            f"{line.stored:,}",
            f"{line.calls:,}",
            _lengths(line) if line.calls else "-",
            _tokens(line.tokens),
            _hours(line.hours),
            _range(line.dollars_p50, line.dollars_p95),
        )
    sums = _sums(lines)
    shown.add_section()
    shown.add_row(
        "in all",
        f"{sum(line.stored for line in lines):,}",
        f"{sums['calls']:,}",
        "",
        _tokens(sums["tokens"]),
        _hours(sums["hours"]),
        _range(sums["dollars_p50"], sums["dollars_p95"]),
    )
    return shown


def _notes(lines: Sequence[Line]) -> list[str]:
    notes = [f"{line.role}: {line.note}" for line in lines if line.note]
    unknown = [line.role for line in lines if line.calls and line.lengths is None]
    if unknown:
        notes.append(
            f"nothing is known of the calls of {', '.join(unknown)}: `skyassets forecast --pilot 20` asks some"
        )
    priced = {line.model: line.price for line in lines if line.price.as_of}
    for model, price in priced.items():
        notes.append(
            f"{model.partition('@')[0]}: ${price.input:g} and ${price.output:g} a million tokens, as of {price.as_of} "
            f"({price.source})"
        )
    notes.append(
        "hours are at the measured rate, and a pilot keeps a server less busy than a run; training comes on top"
    )
    return notes


def verdict(lines: Sequence[Line], budget: float | None) -> str:
    """The expected cost compared with the budget, in words."""
    sums = _sums(lines)
    expected = f"expected, by the mean of a call: {_dollars(sums['dollars_mean'])}"
    if budget is None:
        return f"{expected}; there is no budget (SKYASSETS_BUDGET, the recipe's, or --budget)"
    answer = {True: "it fits", False: "IT DOES NOT FIT", None: "nobody knows whether it fits"}[fits(lines, budget)]
    low, mean, high = (sums[name] for name in ("dollars_p50", "dollars_mean", "dollars_p95"))
    if low is not None and mean is not None and low <= budget < mean:
        answer += ", though it would if every call were as long as the median one"
    elif mean is not None and high is not None and mean <= budget < high:
        answer += ", but it would not if every call were as long as the 95th of a hundred"
    return f"{expected}, the budget is {in_dollars(budget)}: {answer}"


def _sums(lines: Sequence[Line]) -> dict[str, float | None]:
    names = ("calls", "tokens", "hours", "dollars_p50", "dollars_p95", "dollars_mean")
    return {name: total([getattr(line, name) for line in lines]) for name in names}


def _told(line: Line) -> dict[str, object]:
    names = ("tokens", "hours", "dollars_p50", "dollars_p95", "dollars_mean")
    return {**asdict(line), **{name: getattr(line, name) for name in names}}


def _lengths(line: Line) -> str:
    if line.lengths is None:
        return "unknown"
    prompt, completion = line.lengths.prompt, line.lengths.completion
    return f"{prompt[0]:.0f} ({prompt[1]:.0f}) in\n{completion[0]:.0f} ({completion[1]:.0f}) out"


def _tokens(tokens: float | None) -> str:
    if tokens is None:
        return "unknown"
    return f"{tokens:,.0f}" if tokens < 1e6 else f"{tokens / 1e6:,.1f} M"


def _hours(hours: float | None) -> str:
    return "unknown" if hours is None else duration(hours * HOUR)


def _range(low: float | None, high: float | None) -> str:
    return _dollars(low) if low == high else f"{_dollars(low)}\nto {_dollars(high)}"


def _dollars(amount: float | None) -> str:
    return "unknown" if amount is None else in_dollars(amount)
