"""Evaluates plain arithmetic: numbers, the four operations, fractions and brackets. Nothing is evaluated as code.

Results are exact. Their size is bounded by the length of the input, because there are no powers.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

from skyassets.stages.equivalence.latex import tidy
from skyassets.stages.equivalence.parser import CLOSING, SIGNS, Parser

LONGEST = 500
_TIMES = frozenset({"*", "x", "X", "\\times", "\\cdot"})
_OVER = frozenset({"/", ":", "\\div"})


@dataclass(frozen=True)
class Sum:
    """The value of an expression, and its numbers in order."""

    value: Fraction
    numbers: tuple[Fraction, ...]


def arithmetic(text: str) -> Sum | None:
    """Parse all of `text` as an expression; None if it is not one, is too long or too deep, or divides by 0."""
    if len(text) > LONGEST:
        return None
    parser = _Arithmetic(tidy(text))
    value = parser.value()
    return None if value is None else Sum(value, tuple(parser.numbers))


class _Arithmetic(Parser[Fraction]):
    token = re.compile(
        r"\s*(?:(\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)|(\\(?:frac|times|cdot|div)(?![A-Za-z])|[-+*/()\[\]{}xX:]))"
    )
    deepest = 40

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.numbers: list[Fraction] = []

    def _product(self, depth: int) -> Fraction:
        sign = -1 if self._next == "-" else 1
        if self._next in SIGNS:
            self._take()
        value = self._factor(depth)
        while self._next in _TIMES | _OVER | {"(", "["}:  # 3(4+5) is a product too
            if self._next in _OVER:
                self._take()
                value /= self._factor(depth)
            else:
                if self._next in _TIMES:
                    self._take()
                value *= self._factor(depth)
        return sign * value

    def _factor(self, depth: int) -> Fraction:
        symbol = self._take()
        if symbol in CLOSING:
            return self._group(symbol, depth)
        if symbol == "\\frac":
            return self._braced(depth) / self._braced(depth)
        if not symbol[0].isdigit():
            raise SyntaxError("a number is missing")
        self.numbers.append(Fraction(symbol.replace(",", "")))
        return self.numbers[-1]

    def _braced(self, depth: int) -> Fraction:
        if self._next != "{":
            raise SyntaxError("a fraction without braces")
        return self._factor(depth)
