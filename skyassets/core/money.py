"""Money: the cost of a call, and a budget that cannot be exceeded. All amounts are in dollars."""

import math
import threading
from dataclasses import dataclass
from fractions import Fraction

from skyassets.core.ports import Request

MILLION = 1_000_000
PICO = 10**12
TURN_TOKENS = 16
"""More than any chat template adds to a message."""


@dataclass(frozen=True)
class Price:
    """The price of a model's tokens, as published on a given day."""

    input: float
    """Dollars per million prompt tokens."""
    output: float
    """Dollars per million completion tokens."""
    as_of: str
    """The day the price was read (ISO date)."""
    source: str
    """Where the price was published."""
    batch: float = 0.5
    """The factor on the price for batch calls."""

    def dollars(self, prompt_tokens: int, completion_tokens: int, batched: bool = False) -> float:
        """The cost of one call."""
        whole = (prompt_tokens * self.input + completion_tokens * self.output) / MILLION
        return whole * self.batch if batched else whole

    def worst(self, request: Request) -> float:
        """The most a request can cost: its prompt in bytes, which no tokenizer exceeds, and its full token limit."""
        prompt = sum(len(turn.content.encode("utf-8", "replace")) + TURN_TOKENS for turn in request.messages)
        return self.dollars(prompt, request.sampling.max_tokens)


FREE = Price(0.0, 0.0, as_of="", source="a server of one's own")


def in_dollars(amount: float) -> str:
    """`amount` for people: with cents from one dollar up, with as many decimals as needed below."""
    if amount == 0 or amount >= 1:
        return f"${amount:.2f}"
    return f"${amount:.4f}" if amount >= 0.001 else f"${amount:.1g}"


class Budget:
    """The money of one run: the worst case is reserved before a call, and settled at the actual cost. Thread-safe.

    Spent and reserved money together never exceed the budget, so calls cannot exceed it within their token limits.
    Amounts are whole picodollars: sums of floats would exceed it by rounding errors.
    """

    def __init__(self, budget: float | None = None) -> None:
        self.budget = budget
        self._most = None if budget is None else math.floor(Fraction(budget) * PICO)
        self._spent = self._reserved = 0
        self._lock = threading.Lock()

    def reserve(self, dollars: float) -> bool:
        """Reserve `dollars`; returns False and reserves nothing if that would exceed the budget."""
        wanted = _pico(dollars)
        with self._lock:
            if self._most is not None and self._spent + self._reserved + wanted > self._most:
                return False
            self._reserved += wanted
            return True

    def settle(self, reserved: float, spent: float) -> None:
        """Release what was `reserved` and book what was `spent`."""
        with self._lock:
            self._reserved = max(self._reserved - _pico(reserved), 0)
            self._spent += _pico(spent)

    def book(self, dollars: float) -> None:
        """Book a cost that could not be reserved (machine time). It can exceed the budget and block further calls."""
        self.settle(0.0, dollars)

    @property
    def spent(self) -> float:
        """Dollars spent."""
        return self._spent / PICO

    @property
    def reserved(self) -> float:
        """Dollars reserved for calls in flight."""
        return self._reserved / PICO


def _pico(dollars: float) -> int:
    return math.ceil(dollars * PICO)
