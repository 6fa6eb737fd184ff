"""A result of the doctor: what was checked, whether it works, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """The state of a component."""

    FINE = "ok"
    OPTIONAL = "optional"
    """Missing, but the recipe runs without it."""
    MISSING = "missing"
    """Missing, and the recipe needs it."""


@dataclass(frozen=True)
class Diagnosis:
    """One line of the doctor's output."""

    what: str
    health: Health
    seen: str
    do: str = ""


def diagnosis(what: str, is_fine: bool, seen: str, do: str = "", is_needed: bool = True) -> Diagnosis:
    """The result of a check; `do` is dropped if there is nothing to do."""
    lacking = Health.MISSING if is_needed else Health.OPTIONAL
    return Diagnosis(what, Health.FINE if is_fine else lacking, seen, "" if is_fine else do)
