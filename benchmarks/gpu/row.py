"""A row of the race in `training.py`, and how it is printed."""

from dataclasses import dataclass

HEAD = "trainer model  length ZeRO offload   again    tokens/s  MFU %  s/step  GB held  reserved  planned"


@dataclass(frozen=True)
class Setting:
    """What is measured in one row."""

    trainer: str
    model: str
    length: int
    attention: str
    zero_stage: int
    offload: str
    recompute: bool


@dataclass(frozen=True)
class Row:
    """What was measured, or why nothing was."""

    setting: Setting
    tokens_s: float | None = None
    mfu: float | None = None
    step_s: float | None = None
    loss: float | None = None
    allocated_gb: float | None = None
    reserved_gb: float | None = None
    planned_gb: float | None = None
    host_gb: float | None = None
    """Of main memory, as planned."""
    failed: str = ""


def line(row: Row) -> str:
    """A row of the printed table."""
    of, mfu = row.setting, None if row.mfu is None else 100 * row.mfu
    numbers = [
        f"{'' if value is None else format(value, form):>{width}}"
        for value, width, form in (
            (row.tokens_s, 10, ",.0f"),
            (mfu, 6, ".1f"),
            (row.step_s, 7, ".2f"),
            (row.allocated_gb, 8, ".1f"),
            (row.reserved_gb, 9, ".1f"),
            (row.planned_gb, 8, ".1f"),
        )
    ]
    again = "yes" if of.recompute else "no"
    shown = f"{of.trainer:7} {of.model:5} {of.length:7,} {of.zero_stage:4} {of.offload:9} {again:5}"
    return " ".join([shown, *numbers, row.failed])
