"""`skyassets forecast`: the calls of a run now, their time and cost, compared with the budget."""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from skyassets.commands.common.command import Command, Exits, argument, json_argument
from skyassets.commands.common.rendering import new_table, print_json, print_text
from skyassets.commands.planning.rendering import UNKNOWN, exact_dollars, line_name, tokens
from skyassets.core.money import Budget, in_dollars
from skyassets.project.deployment import Deployment
from skyassets.project.estimate import CallEstimate
from skyassets.project.progress import duration
from skyassets.project.project import Project
from skyassets.project.settings import dollars_in
from skyassets.recipes.recipe import Recipe
from skyassets.stages.inspection.forecast import HOUR, Line, fits, total

PILOT = 20
EXPECTED = ("tokens", "hours", "dollars_p50", "dollars_p95", "dollars_mean")


def forecast(recipe: Recipe, deployment: Deployment, options: Namespace) -> int:
    """Estimate the calls of a run now, their time and their cost, and compare the cost with the budget."""
    project = Project(recipe, deployment)
    budget = project.budget if options.budget is None else dollars_in("--budget", options.budget)
    console, progress = Console(), Console(stderr=True)
    estimate = CallEstimate(
        project,
        max(options.pilot, 0),
        Budget(budget),
        lambda line: print_text(progress, line),
        f"forecast-{datetime.now(UTC).isoformat()}",
    )
    lines = list(estimate.lines())
    if options.json:
        data = [asdict(line) | {name: getattr(line, name) for name in EXPECTED} for line in lines]
        print_json({"lines": data, "sum": _sums(lines), "budget": budget, "fits": fits(lines, budget)})
    else:
        console.print(_table(recipe, lines))
        for text in (*_notes(lines), verdict(lines, budget)):
            print_text(console, text)
    return 0 if fits(lines, budget) else 1


FORECAST = Command(
    forecast,
    (
        argument(
            "--pilot",
            type=int,
            default=PILOT,
            metavar="N",
            help=f"make N calls of each role first ({PILOT}); they are stored and reused",
        ),
        argument("--budget", metavar="DOLLARS", help="compare with this budget instead of the configured one"),
        json_argument(),
    ),
    (
        ("--pilot 0", "the calls of a run now, without making any"),
        ("--pilot 20 --budget 50", "make 20 calls of each role first, and compare the estimate with $50"),
    ),
    Exits("the expected cost is within the budget", "it is not, or it is unknown"),
)


def _table(recipe: Recipe, lines: Sequence[Line]) -> Table:
    numbers = ("stored", "calls", "tokens/call\np50 (p95)", "tokens", "time", "dollars\np50 to p95")
    table = new_table(("asset", *numbers), f"{recipe.name}: the calls of a run now", numbers)
    for line in lines:
        table.add_row(
            line_name(line),
            f"{line.stored:,}",
            f"{line.calls:,}",
            _lengths(line) if line.calls else "-",
            tokens(line.tokens),
            _time(line.hours),
            _range(line.dollars_p50, line.dollars_p95),
        )
    sums = _sums(lines)
    table.add_section()
    table.add_row(
        "total",
        f"{sum(line.stored for line in lines):,}",
        f"{sums['calls']:,}",
        "",
        tokens(sums["tokens"]),
        _time(sums["hours"]),
        _range(sums["dollars_p50"], sums["dollars_p95"]),
    )
    return table


def _notes(lines: Sequence[Line]) -> list[str]:
    notes = [f"{line.role}: {line.note}" for line in lines if line.note]
    unknown = [line.role for line in lines if line.calls and line.lengths is None]
    if unknown:
        notes.append(
            f"The calls of {', '.join(unknown)} have unknown lengths; `skyassets forecast --pilot 20` measures some."
        )
    prices = {line.model: line.price for line in lines if line.price.as_of}
    for model, price in prices.items():
        notes.append(
            f"{model.partition('@')[0]}: ${price.input:g} per million prompt tokens, ${price.output:g} per million "
            f"completion tokens, as of {price.as_of} ({price.source})"
        )
    notes.append(
        "Times use the measured rate; a run may be faster, because it keeps a server busier. Training is not included."
    )
    return notes


def verdict(lines: Sequence[Line], budget: float | None) -> str:
    """The expected cost compared with the budget, in words."""
    sums = _sums(lines)
    expected = f"Expected cost, for calls of mean length: {exact_dollars(sums['dollars_mean'])}"
    if budget is None:
        return f"{expected}; no budget is set (--budget, SKYASSETS_BUDGET, or the recipe's)"
    answer = {True: "it fits", False: "IT DOES NOT FIT", None: "whether it fits is unknown"}[fits(lines, budget)]
    low, mean, high = (sums[name] for name in ("dollars_p50", "dollars_mean", "dollars_p95"))
    if low is not None and mean is not None and low <= budget < mean:
        answer += ", but would if every call had the median length"
    elif mean is not None and high is not None and mean <= budget < high:
        answer += ", but would not if every call had the 95th percentile of length"
    return f"{expected}; budget {in_dollars(budget)}: {answer}"


def _sums(lines: Sequence[Line]) -> dict[str, float | None]:
    return {name: total([getattr(line, name) for line in lines]) for name in ("calls", *EXPECTED)}


def _lengths(line: Line) -> str:
    if line.lengths is None:
        return UNKNOWN
    prompt, completion = line.lengths.prompt, line.lengths.completion
    return f"{prompt[0]:.0f} ({prompt[1]:.0f}) in\n{completion[0]:.0f} ({completion[1]:.0f}) out"


def _time(hours: float | None) -> str:
    return UNKNOWN if hours is None else duration(hours * HOUR)


def _range(low: float | None, high: float | None) -> str:
    return exact_dollars(low) if low == high else f"{exact_dollars(low)}\nto {exact_dollars(high)}"
