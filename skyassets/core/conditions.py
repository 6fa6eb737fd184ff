"""Conditions on a column's value, for `Source.where`: a text is compared as text, a number as a number."""

import math
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class NotEqual:
    """Any value but this one."""

    identity_name: ClassVar[str] = "NotEqual"
    value: str

    def holds(self, value: object) -> bool:
        """Whether `value` satisfies the condition."""
        return str(value) != self.value


@dataclass(frozen=True)
class OneOf:
    """One of these values."""

    identity_name: ClassVar[str] = "OneOf"
    values: tuple[str, ...]

    def holds(self, value: object) -> bool:
        """Whether `value` satisfies the condition."""
        return str(value) in self.values


@dataclass(frozen=True)
class GreaterThan:
    """A number above this one. What is no number does not satisfy it."""

    identity_name: ClassVar[str] = "GreaterThan"
    number: float

    def holds(self, value: object) -> bool:
        """Whether `value` satisfies the condition."""
        return _number(value) > self.number


@dataclass(frozen=True)
class LessThan:
    """A number below this one. What is no number does not satisfy it."""

    identity_name: ClassVar[str] = "LessThan"
    number: float

    def holds(self, value: object) -> bool:
        """Whether `value` satisfies the condition."""
        return _number(value) < self.number


Condition = NotEqual | OneOf | GreaterThan | LessThan


def _number(value: object) -> float:
    """`value` as a number; NaN, which no comparison holds for, if it is none."""
    try:
        return math.nan if isinstance(value, bool) else float(str(value))
    except ValueError:
        return math.nan
