"""How a plan is printed in a terminal."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table

from skyassets.commands.planning.ledger import short
from skyassets.core.money import in_dollars
from skyassets.core.training.spec import TrainPlan
from skyassets.stages.inspection.forecast import Line, total
from skyassets.stages.training.parallelism import Candidate

UNKNOWN = "?"
TERMS = ("parameters", "gradients", "optimizer", "activations", "logits", "overhead")


def layouts(plans: Sequence[tuple[Candidate, TrainPlan]], best: TrainPlan | None) -> Table:
    """Every layout with its memory by term, hours and dollars; the chosen one is marked."""
    shown = Table(title="memory of a rank in GB, by layout", box=SIMPLE_HEAD, padding=0, show_edge=False)
    shown.add_column("layout", no_wrap=True)
    for name in ("model", "grad", "Adam", "acts", "logit", "libs", "all", "host", "fits", "hours", "cost"):
        shown.add_column(name, justify="right", no_wrap=True)
    for candidate, plan in plans:
        held = candidate.memory
        shown.add_row(
            f"{'>' if plan is best else ' '} {named(plan)}".replace(", ", "\n   ", 1),
            *(gigabytes(getattr(held, term)) for term in (*TERMS, "total")),
            gigabytes(held.host) if held.host else "-",
            "yes" if candidate.fits else "no",
            hours(plan.hours),
            dollars(plan.dollars),
            style="bold green" if plan is best else None if candidate.fits else "dim",
        )
    return shown


def named(plan: TrainPlan) -> str:
    """A layout in a few words."""
    layout = plan.layout
    words = [f"ZeRO-{layout.zero_stage}"]
    words += ["recompute"] if layout.recompute else []
    words += [f"of {layout.micro_batch}"] if layout.micro_batch > 1 else []
    return " ".join(words) + (f", offload {layout.offload}" if layout.offload != "none" else "")


def models(
    lines: Sequence[Line], plan: TrainPlan | None, title: str = "the whole pipeline", to_train: float | None = None
) -> Table:
    """The calls and cost of each role, including the training, which costs `to_train` if it has no plan."""
    shown = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("for", "calls", "tokens", "hours", "dollars"):
        shown.add_column(name, justify="left" if name == "for" else "right", no_wrap=True)
    for line in lines:
        who = f"{line.asset}\n {line.role}: {short(line.model.partition('@')[0])}"
        shown.add_row(who, f"{line.calls:,}", tokens(line.tokens), hours(line.hours), dollars(line.dollars_mean))
    if plan is not None:
        who = f"checkpoint\n {short(plan.training.base.name)}"
        shown.add_row(who, "-", tokens(plan.tokens), hours(plan.hours), dollars(plan.dollars))
    shown.add_section()
    cost = total([*(line.dollars_mean for line in lines), plan.dollars if plan else to_train])
    shown.add_row("in all", f"{sum(line.calls for line in lines):,}", "", "", dollars(cost))
    return shown


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
