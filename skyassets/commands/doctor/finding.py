"""What the doctor finds: one thing that was looked at, whether it is there, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """How it is with a thing."""

    FINE = "ok"
    OPTIONAL = "optional"
    """Not there, and the recipe runs without it."""
    MISSING = "missing"
    """Not there, and the recipe needs it."""


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's."""

    what: str
    health: Health
    seen: str
    do: str = ""


def found(what: str, is_fine: bool, seen: str, do: str = "", is_needed: bool = True) -> Finding:
    """A finding; `do` is said only where there is something to do."""
    lacking = Health.MISSING if is_needed else Health.OPTIONAL
    return Finding(what, Health.FINE if is_fine else lacking, seen, "" if is_fine else do)
