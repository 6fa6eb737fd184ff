"""Who grades: how a text is read, and the engines that compare and run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from skyassets.core.ports import Equals, Limits, Sandbox
from skyassets.core.rows.judgements import JudgementStore


class Mode(StrEnum):
    """How a text is read."""

    STRICT = "strict"
    """Only the asked form counts: a box, or exactly one block of code, in the solution."""
    LENIENT = "lenient"
    """The last thing stated counts, whatever its form."""


@dataclass(frozen=True)
class Graders:
    """Who compares and who runs, and what a program may use."""

    sandbox: Sandbox
    equals: Equals
    limits: Limits
    kept: JudgementStore | None = None
    """Where judgements are kept; without one, everything is judged anew."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """The version of the code that judges programs (`code`) and the one that judges answers (`answers`)."""
