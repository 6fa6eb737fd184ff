"""When what a program came to is what was wanted: printed text and returned values.

The rules and where they come from:

- Blank space at line ends, more of it between words, and blank lines are free; the words and the lines that hold any
  must be the wanted ones, one by one. So do the checkers of the contests that APPS, TACO and CodeContests collect.
  LiveCodeBench's runner counts the blank lines within the output; its rows ask for that (`blank_lines`).
- Words are compared as they are written, so whole numbers exactly, however long. Only where the wanted word is written
  as a decimal a number may differ from it, by 1e-6, or 1e-9 of it; where the problem names an error that it forgives,
  by that, absolute or relative, as its checker does (`floats`). LiveCodeBench's runner wants the exact value (0).
- Upper and lower case differ, except where the problem says that they do not (`any_case`).
- A returned value is compared as the JSON that it is: a tuple is a list (as in the runners of APPS and LiveCodeBench,
  which turn one into the other), true is not 1, and numbers are as above, where 1.0 is 1.
- APPS and TACO took over tests that hold each returned value within a list of its own; their runner takes the list or
  the value in it. Rows of theirs ask for that (`wrapped`), and only when every wanted list holds one value.
"""

import json
import math
import re
from dataclasses import dataclass
from decimal import Decimal, DecimalException
from typing import Any

ABSOLUTE, RELATIVE = 1e-6, 1e-9
"""How far a number may be off that is wanted as a decimal, where the problem does not say."""

_DECIMAL = re.compile(r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?", re.ASCII)
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)


@dataclass(frozen=True)
class Rules:
    """What a problem forgives."""

    floats: float | None = None
    """The absolute or relative error of a number; None where the problem names none."""
    any_case: bool = False
    blank_lines: bool = False
    """Whether blank lines within the output count."""
    wrapped: bool = False
    """Whether a wanted list of one value also stands for the value."""


PLAIN = Rules()


def same_output(got: str, wanted: str, rules: Rules = PLAIN) -> bool:
    """Whether two texts hold the same words in the same lines."""
    lines, wanted_lines = _lines(got, rules), _lines(wanted, rules)
    return len(lines) == len(wanted_lines) and all(
        line == wanted_line or _same_words(line.split(), wanted_line.split(), rules)
        for line, wanted_line in zip(lines, wanted_lines, strict=True)
    )


def same_value(got: str, wanted: str, rules: Rules = PLAIN) -> bool:
    """Whether two JSON texts are one value."""
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
    # Two whole numbers are compared as they are written, whatever is forgiven.
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
    # Of the wanted number alone: `math.isclose` would let a larger answer be further off.
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
    """As for printed numbers: close is enough only where a decimal is wanted, or the problem forgives an error."""
    is_forgiven = isinstance(wanted, float) or (rules.floats is not None and isinstance(got, float))
    if not is_forgiven or rules.floats == 0:
        return False
    try:
        value, wanted_value = float(got), float(wanted)
    except OverflowError:
        return False
    return (math.isnan(value) and math.isnan(wanted_value)) or _close(value, wanted_value, rules)
