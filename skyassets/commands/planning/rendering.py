"""How plans, calls and costs are printed in a terminal and as JSON."""

from collections.abc import Sequence
from dataclasses import asdict

from rich.table import Table

from skyassets.commands.common.rendering import new_table
from skyassets.core.money import in_dollars
from skyassets.core.training.spec import TrainPlan
from skyassets.stages.inspection.forecast import Line, total
from skyassets.stages.training.parallelism import Candidate

UNKNOWN = "?"
TERMS = {
    "parameters": "model", "gradients": "grad", "optimizer": "Adam", "activations": "acts", "logits": "logit",
    "overhead": "libs", "total": "sum",
}  # fmt: skip
"""What takes memory, with its column's heading."""
LONGEST_NAME = 24


def layouts(plans: Sequence[tuple[Candidate, TrainPlan]], best: TrainPlan | None) -> Table:
    """Every layout with its memory by term, hours and dollars; the chosen one is marked."""
    columns = (*TERMS.values(), "host", "fits", "hours", "cost")
    table = new_table(("layout", *columns), "memory per rank in GB, by layout", columns)
    table.padding, table.show_edge = (0, 0, 0, 0), False
    for candidate, plan in plans:
        memory = candidate.memory
        table.add_row(
            f"{'>' if plan is best else ' '} {layout_name(plan)}".replace(", ", "\n   ", 1),
            *(gigabytes(getattr(memory, term)) for term in TERMS),
            gigabytes(memory.host) if memory.host else "-",
            "yes" if candidate.fits else "no",
            hours(plan.hours),
            dollars(plan.dollars),
            style="bold green" if plan is best else None if candidate.fits else "dim",
        )
    return table


def layout_name(plan: TrainPlan) -> str:
    """A layout in a few words."""
    layout = plan.layout
    words = [f"ZeRO-{layout.zero_stage}"]
    words += ["recompute"] if layout.recompute else []
    words += [f"of {layout.micro_batch}"] if layout.micro_batch > 1 else []
    return " ".join(words) + (f", offload {layout.offload}" if layout.offload != "none" else "")


def calls(
    lines: Sequence[Line], plan: TrainPlan | None, title: str = "the whole pipeline", to_train: float | None = None
) -> Table:
    """The calls and cost of each role, including the training, which costs `to_train` if it has no plan."""
    numbers = ("calls", "tokens", "hours", "dollars")
    table = new_table(("asset", *numbers), title, numbers)
    for line in lines:
        counts = (f"{line.calls:,}", tokens(line.tokens), hours(line.hours), dollars(line.dollars_mean))
        table.add_row(line_name(line), *counts)
    if plan is not None:
        name = f"checkpoint\n {short_model(plan.training.base.name)}"
        table.add_row(name, "-", tokens(plan.tokens), hours(plan.hours), dollars(plan.dollars))
    table.add_section()
    cost = total([*(line.dollars_mean for line in lines), plan.dollars if plan else to_train])
    table.add_row("total", f"{sum(line.calls for line in lines):,}", "", "", dollars(cost))
    return table


def line_name(line: Line) -> str:
    """The asset, and below it the role and the model."""
    return f"{line.asset}\n {line.role}: {short_model(line.model.partition('@')[0])}"


def line_data(line: Line) -> dict[str, object]:
    """The calls and cost of a role as JSON data."""
    return asdict(line) | {"tokens": line.tokens, "hours": line.hours, "dollars": line.dollars_mean}


def short_model(model: str) -> str:
    """A model's short name: without owner and file extension, and with a shortened revision."""
    name, _, revision = model.partition("@")
    own_name = name.rsplit("/", 1)[-1].removesuffix(".gguf")
    return own_name[:LONGEST_NAME] + (f"@{revision[:8]}" if revision else "")


def gigabytes(number: float) -> str:
    """GB for people, with one decimal for small values."""
    return f"{number:,.0f}" if number >= 10 else f"{number:.1f}"


def tokens(number: float | None) -> str:
    """A number of tokens for people."""
    if number is None:
        return UNKNOWN
    return f"{number:,.0f}" if number < 1e6 else f"{number / 1e6:,.1f} M"


def hours(number: float | None) -> str:
    """Hours for people, with decimals for small values."""
    if number is None:
        return UNKNOWN
    return f"{number:,.1f}" if number >= 1 else f"{number:.2g}"


def dollars(amount: float | None) -> str:
    """Dollars for people, whole for large amounts."""
    if amount is None:
        return UNKNOWN
    return f"${amount:,.0f}" if amount >= 10 else in_dollars(amount)


def exact_dollars(amount: object) -> str:
    """Dollars and cents for people."""
    return in_dollars(amount) if isinstance(amount, int | float) else "unknown"
