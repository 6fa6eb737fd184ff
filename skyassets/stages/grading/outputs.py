"""Compares a program's printed output or return value with the expected one.

The rules and their sources:

- Trailing spaces, repeated spaces between words and blank lines are ignored; the words and the non-blank lines must
  match one by one, as in the checkers of the contests that APPS, TACO and CodeContests collect. LiveCodeBench's
  runner counts blank lines within the output; its rows request that (`blank_lines`).
- Words are compared as text, so whole numbers are exact at any length. Only if the expected word is written as a
  decimal may a number differ from it, by 1e-6 absolute or 1e-9 relative. If the problem states a tolerance, that is
  used, absolute or relative, as its checker does (`floats`). LiveCodeBench's runner wants the exact value (0).
- Upper and lower case differ, unless the problem says otherwise (`any_case`).
- A return value is compared as JSON: a tuple equals a list (the runners of APPS and LiveCodeBench convert one to the
  other), true is not 1, and numbers follow the rules above, where 1.0 is 1.
- APPS and TACO include tests that wrap each return value in a list; their runner accepts the list or the value in it.
  Their rows request that (`wrapped`), and only if every expected list has one value.
"""

import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

ABSOLUTE, RELATIVE = 1e-6, 1e-9
"""Tolerances for an expected decimal if the problem states none."""

_DECIMAL = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Rules:
    """The deviations that a problem allows."""

    floats: float | None = None
    """The absolute or relative error of a number; None if the problem states none."""
    any_case: bool = False
    blank_lines: bool = False
    """Whether blank lines within the output count."""
    wrapped: bool = False
    """Whether an expected list of one value also matches the value."""


PLAIN = Rules()


def same_output(got: str, wanted: str, rules: Rules = PLAIN) -> bool:
    """Whether two texts have the same words in the same lines."""
    lines, wanted_lines = _lines(got, rules), _lines(wanted, rules)
    return len(lines) == len(wanted_lines) and all(
        line == wanted_line or _same_words(line.split(), wanted_line.split(), rules)
        for line, wanted_line in zip(lines, wanted_lines, strict=True)
    )


def same_value(got: str, wanted: str, rules: Rules = PLAIN) -> bool:
    """Whether two JSON texts have the same value."""
    try:
        value, wanted_value = json.loads(got), json.loads(wanted)
        if _alike(value, wanted_value, rules):
            return True
        return rules.wrapped and isinstance(wanted_value, list) and _alike([value], wanted_value, rules)
    except (ValueError, RecursionError):
        return False


def _lines(text: str, rules: Rules) -> list[str]:
    lines = text.strip().split("\n")
    return lines if rules.blank_lines else [line for line in lines if line.strip()]


def _same_words(got: list[str], wanted: list[str], rules: Rules) -> bool:
    return len(got) == len(wanted) and all(
        one == other or _same_decimal(one, other, rules) or (rules.any_case and one.casefold() == other.casefold())
        for one, other in zip(got, wanted, strict=True)
    )


def _same_decimal(got: str, wanted: str, rules: Rules) -> bool:
    # Two whole numbers are compared as text, whatever the tolerance.
    written = _DECIMAL.fullmatch(wanted) or (rules.floats is not None and _DECIMAL.fullmatch(got))
    if not written or not (_NUMBER.fullmatch(got) and _NUMBER.fullmatch(wanted)):
        return False
    if rules.floats == 0:
        return _exactly(got, wanted)
    return _close(float(got), float(wanted), rules)


def _exactly(got: str, wanted: str) -> bool:
    try:
        return Decimal(got) == Decimal(wanted)
    except DecimalException:
        return False


def _close(got: float, wanted: float, rules: Rules) -> bool:
    absolute, relative = (ABSOLUTE, RELATIVE) if rules.floats is None else (rules.floats, rules.floats)
    if not (math.isfinite(got) and math.isfinite(wanted)):
        return got == wanted
    # Relative to the expected number only: `math.isclose` would allow a larger error for a larger answer.
    return abs(got - wanted) <= max(absolute, relative * abs(wanted))


def _alike(got: Any, wanted: Any, rules: Rules) -> bool:
    if isinstance(got, bool) or isinstance(wanted, bool):
        return got is wanted
    if isinstance(got, int | float) and isinstance(wanted, int | float):
        return got == wanted or _same_number(got, wanted, rules)
    if isinstance(got, list) and isinstance(wanted, list):
        return len(got) == len(wanted) and all(_alike(*pair, rules) for pair in zip(got, wanted, strict=True))
    if isinstance(got, dict) and isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(_alike(got[name], wanted[name], rules) for name in wanted)
    return type(got) is type(wanted) and bool(got == wanted)


def _same_number(got: float, wanted: float, rules: Rules) -> bool:
    """As for printed numbers: a tolerance applies only if a decimal is expected or the problem states one."""
    is_forgiven = isinstance(wanted, float) or (rules.floats is not None and isinstance(got, float))
    if not is_forgiven or rules.floats == 0:
        return False
    try:
        value, wanted_value = float(got), float(wanted)
    except OverflowError:
        return False
    return (math.isnan(value) and math.isnan(wanted_value)) or _close(value, wanted_value, rules)
