"""A recursive descent parser for sums of terms in nested brackets. Nothing is evaluated as code."""

import re
from abc import ABC, abstractmethod
from fractions import Fraction
from typing import ClassVar, Generic, TypeVar

Value = TypeVar("Value", Fraction, complex)

SIGNS = frozenset("+-")
CLOSING = {"(": ")", "{": "}", "[": "]"}


class Parser(ABC, Generic[Value]):
    """Evaluates one expression; every method consumes tokens from the front. A subclass says what a product is."""

    token: ClassVar[re.Pattern[str]]
    deepest: ClassVar[int]
    """Levels of brackets."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[str] = []
        self._place = 0

    def value(self) -> Value | None:
        """The value of all of the text; None if it is not an expression, is nested too deeply, or has no value."""
        end = 0
        while end < len(self._text):
            match = self.token.match(self._text, end)
            if match is None:
                return None
            self._tokens.append(match[0].strip())
            end = match.end()
        try:
            value = self._sum(0)
        except (SyntaxError, ArithmeticError, ValueError):
            return None
        return None if self._next else value

    def _sum(self, depth: int) -> Value:
        if depth > self.deepest:
            raise SyntaxError("too deep")
        value = self._product(depth)
        while self._next in SIGNS:
            sign = 1 if self._take() == "+" else -1
            value = self._checked(value + sign * self._product(depth))
        return value

    @abstractmethod
    def _product(self, depth: int) -> Value: ...

    def _group(self, opening: str, depth: int) -> Value:
        """The expression in brackets, of which the first has been taken."""
        value = self._sum(depth + 1)
        if self._take() != CLOSING[opening]:
            raise SyntaxError("a bracket is open")
        return value

    def _checked(self, value: Value) -> Value:
        """`value`, if it is one to go on with."""
        return value

    @property
    def _next(self) -> str:
        return self._tokens[self._place] if self._place < len(self._tokens) else ""

    def _take(self) -> str:
        if not self._next:
            raise SyntaxError("the end")
        self._place += 1
        return self._tokens[self._place - 1]
