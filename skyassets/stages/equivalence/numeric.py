"""Compares formulas numerically at one point. If they differ there, they are different; if not, nothing is proved.

Parses the LaTeX of ordinary answers (sums, products, fractions, roots, powers, common functions of letters and
numbers) and gives up on anything else. Uses floating point, so only a clear difference counts. Nothing is evaluated
as code.
"""

import cmath
import math
import re
from collections.abc import Callable

from skyassets.stages.equivalence.parser import CLOSING, SIGNS, Parser

LONGEST = 300
LARGEST, CLEAR = 1e7, 1e-6
"""Largest trusted floating-point value, and smallest relative difference that is not a rounding error."""

_FUNCTIONS: dict[str, Callable[[complex], complex]] = {
    "\\sin": cmath.sin, "\\cos": cmath.cos, "\\tan": cmath.tan, "\\ln": cmath.log, "\\log": cmath.log10,
    "\\exp": cmath.exp, "\\cot": lambda value: 1 / cmath.tan(value), "\\sec": lambda value: 1 / cmath.cos(value),
    "\\csc": lambda value: 1 / cmath.sin(value),
}  # fmt: skip
_GREEK = frozenset(
    {
        "\\alpha", "\\beta", "\\gamma", "\\delta", "\\theta", "\\lambda", "\\mu", "\\phi", "\\varphi", "\\omega",
        "\\rho", "\\sigma", "\\tau", "\\psi", "\\epsilon", "\\varepsilon",
    }
)  # fmt: skip
_CONSTANTS = {"\\pi": math.pi, "e": math.e, "i": 1j}
_TIMES = frozenset({"*", "\\cdot", "\\times"})
_OVER = frozenset({"/", "\\div"})
_STOP = frozenset({"", "+", "-", ")", "}", "]"})


def differ(given: str, wanted: str) -> bool:
    """Whether two tidied formulas clearly differ in value at one point."""
    one, other = value(given), value(wanted)
    if one is None or other is None:
        return False
    gap = abs(one - other)
    rounded = re.fullmatch(r"-?\d*\.(\d{2,})", wanted)
    return gap > CLEAR * max(1.0, abs(one), abs(other)) and (not rounded or gap > 10.0 ** -len(rounded[1]))


def value(text: str) -> complex | None:
    """The value of a formula in which every letter has its own fixed value; None if it cannot be parsed."""
    return None if len(text) > LONGEST else _Formula(text).value()


class _Formula(Parser[complex]):
    token = re.compile(
        r"\s*(?:(\d{1,3}(?:,\d{3})+(?![\d,])|\d+(?:\.\d+)?|\.\d+)|(\\[A-Za-z]+)|([A-Za-z](?:_(?:\{\w{1,3}\}|\w))?)|([-+*/^_(){}\[\]]))"
    )
    deepest = 20

    def _product(self, depth: int) -> complex:
        sign = 1
        while self._next in SIGNS:
            sign = -sign if self._take() == "-" else sign
        result = sign * self._power(depth)
        while self._next not in _STOP:
            if self._next in _OVER:
                self._take()
                result = _bounded(result / self._power(depth))
                if self._next not in _STOP and self._next not in _TIMES | {"/"}:
                    raise SyntaxError("1/2x may be read in two ways")
            else:
                if self._next in _TIMES:
                    self._take()
                elif self._next[0].isdigit() or (self._next == "\\frac" and self._tokens[self._place - 1][0].isdigit()):
                    raise SyntaxError("two numbers side by side, or a mixed number")
                result = _bounded(result * self._power(depth))
        return result

    def _power(self, depth: int) -> complex:
        base = self._factor(depth)
        if self._next != "^":
            return base
        self._take()
        exponent = self._factor(depth)
        if self._next == "^":
            raise SyntaxError("a tower of powers")
        return _raised(base, exponent)

    def _factor(self, depth: int) -> complex:
        symbol = self._take()
        if symbol in CLOSING:
            return self._group(symbol, depth)
        if symbol == "\\frac":
            return _bounded(self._factor(depth) / self._factor(depth))
        if symbol == "\\sqrt":
            index = self._factor(depth) if self._next == "[" else 2
            return _raised(self._factor(depth), 1 / index)
        if symbol in _FUNCTIONS:
            return self._applied(symbol, depth)
        if symbol in _CONSTANTS:
            return _CONSTANTS[symbol]
        if symbol[:1].isdigit() or symbol[:1] == ".":
            return _bounded(complex(float(symbol.replace(",", ""))))
        if symbol in _GREEK or symbol[:1].isalpha():
            return _stand_in(symbol.replace("{", "").replace("}", ""))
        raise SyntaxError(symbol)

    def _applied(self, name: str, depth: int) -> complex:
        base, power = None, None
        if self._next == "_":
            self._take()
            base = self._factor(depth)
        if self._next == "^":
            self._take()
            power = self._factor(depth)
            if power.real < 0:
                raise SyntaxError("an inverse function")
        bracketed = self._next in CLOSING
        result = self._factor(depth) if bracketed else self._power(depth)
        # In "sin 2x" the end of the argument is ambiguous.
        if not bracketed and self._next not in _STOP | {"/"}:
            raise SyntaxError("an argument without brackets")
        result = cmath.log(result) / cmath.log(base) if base is not None else _FUNCTIONS[name](result)
        return _bounded(result if power is None else _raised(result, power))

    def _checked(self, value: complex) -> complex:
        return _bounded(value)


def _bounded(result: complex) -> complex:
    if not cmath.isfinite(result) or abs(result) > LARGEST or (result and abs(result) < 1 / LARGEST):
        raise ArithmeticError("out of bounds")
    return result


def _raised(base: complex, exponent: complex) -> complex:
    # Roots of non-positive numbers have branches, on which two correct answers may differ.
    is_even_root = exponent == 0.5 and not base.imag
    if exponent != int(exponent.real) and not is_even_root and (base.imag or base.real < 0):
        raise ArithmeticError("a branch")
    if abs(exponent) > 64:
        raise ArithmeticError("a large power")
    return _bounded(base**exponent)


def _stand_in(name: str) -> float:
    """A number between 1 and 2 that is unique to the letter."""
    seed = sum(ord(letter) * 131**place for place, letter in enumerate(name))
    return 1 + math.modf(seed * 0.6180339887498949)[0]
