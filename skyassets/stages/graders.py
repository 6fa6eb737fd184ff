"""Who grades: how a text is read, and the engines that compare and run."""

from dataclasses import dataclass
from enum import StrEnum

from skyassets.core.ports import Equals, Limits, Sandbox


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
