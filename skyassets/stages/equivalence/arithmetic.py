"""A parser for plain arithmetic: numbers, the four operations, fractions and brackets. Nothing is evaluated as code.

Results are exact. Their size is bounded by the length of the input, because there are no powers.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from skyassets.stages.equivalence.latex import tidy

LONGEST, DEEPEST = 500, 40

_TOKEN = re.compile(
    r"\s*(?:(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)|(\\(?:frac|times|cdot|div)(?![A-Za-z])|[-+*/()\[\]{}xX:]))"
)
_OPERATION = {"+": "+", "-": "-", "*": "*", "/": "/", ":": "/", "\\times": "*", "\\cdot": "*", "\\div": "/"} | {
    "x": "*",
    "X": "*",
}
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Sum:
    """The value of an expression, and its numbers in order."""

    value: Fraction
    numbers: tuple[Fraction, ...]


def arithmetic(text: str) -> Sum | None:
    """Parse all of `text` as an expression; None if it is not one, is too long or too deep, or divides by 0."""
    if len(text) > LONGEST:
        return None
    tokens = _tokens(tidy(text))
    if not tokens:
        return None
    reader = _Reader(tokens)
    try:
        value = reader.sum(0)
    except (SyntaxError, ZeroDivisionError):
        return None
    return Sum(value, tuple(reader.numbers)) if reader.is_done else None


def _tokens(text: str) -> list[str]:
    """The tokens; empty if the text contains anything other than arithmetic."""
    tokens, place = [], 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if not found:
            return []
        tokens.append(found[1] or found[2])
        place = found.end()
    return tokens


class _Reader:
    """A recursive descent parser; every method consumes tokens from the front."""

    def __init__(self, tokens: list[str]) -> None:
        self._tokens, self._place = tokens, 0
        self.numbers: list[Fraction] = []

    @property
    def is_done(self) -> bool:
        return self._place == len(self._tokens)

    def sum(self, depth: int) -> Fraction:
        if depth > DEEPEST:
            raise SyntaxError("too deep")
        value = self._product(depth)
        while (operation := _OPERATION.get(self._next)) in {"+", "-"}:
            self._place += 1
            term = self._product(depth)
            value = value + term if operation == "+" else value - term
        return value

    def _product(self, depth: int) -> Fraction:
        sign = 1
        if self._next in {"+", "-"}:
            sign = -1 if self._take() == "-" else 1
        value = self._factor(depth)
        while True:
            operation = _OPERATION.get(self._next)
            if operation in {"*", "/"}:
                self._place += 1
                factor = self._factor(depth)
                value = value * factor if operation == "*" else value / factor
            elif self._next in {"(", "["}:  # 3(4+5)
                value *= self._factor(depth)
            else:
                return sign * value

    def _factor(self, depth: int) -> Fraction:
        taken = self._take()
        if taken in _CLOSING:
            value = self.sum(depth + 1)
            if self._take() != _CLOSING[taken]:
                raise SyntaxError("a bracket is open")
            return value
        if taken == "\\frac":
            return self._braced(depth) / self._braced(depth)
        if not taken[0].isdigit():
            raise SyntaxError("a number is missing")
        self.numbers.append(Fraction(taken.replace(",", "")))
        return self.numbers[-1]

    def _braced(self, depth: int) -> Fraction:
        if self._next != "{":
            raise SyntaxError("a fraction without braces")
        return self._factor(depth)

    @property
    def _next(self) -> str:
        return "" if self.is_done else self._tokens[self._place]

    def _take(self) -> str:
        if self.is_done:
            raise SyntaxError("the end")
        self._place += 1
        return self._tokens[self._place - 1]
