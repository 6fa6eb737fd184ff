"""Money: what a call costs, and a budget that nothing may pass. Dollars everywhere."""

import math
import threading
from dataclasses import dataclass
from fractions import Fraction

from skyassets.core.ports import Request

MILLION = 1_000_000
PICO = 10**12
TURN_TOKENS = 16
"""More than any chat template adds to a turn."""


@dataclass(frozen=True)
class Price:
    """What a model's tokens cost, as published on a day."""

    input: float
    """Dollars a million prompt tokens."""
    output: float
    """Dollars a million completion tokens."""
    as_of: str
    """The day the price was read (ISO date)."""
    source: str
    """Who says so."""
    batch: float = 0.5
    """The share of it that a batch costs."""

    def dollars(self, prompt_tokens: int, completion_tokens: int, batched: bool = False) -> float:
        """What one call costs."""
        whole = (prompt_tokens * self.input + completion_tokens * self.output) / MILLION
        return whole * self.batch if batched else whole

    def worst(self, request: Request) -> float:
        """The most one request can cost: its prompt in bytes, which no tokenizer exceeds, and all it may say."""
        said = sum(len(turn.content.encode("utf-8", "replace")) + TURN_TOKENS for turn in request.messages)
        return self.dollars(said, request.sampling.max_tokens)


FREE = Price(0.0, 0.0, as_of="", source="a server of one's own")


def in_dollars(amount: float) -> str:
    """`amount` for people: cents from a dollar on, as many places as it takes below."""
    if amount == 0 or amount >= 1:
        return f"${amount:.2f}"
    return f"${amount:.4f}" if amount >= 0.001 else f"${amount:.1g}"


class Budget:
    """The money of one run: reserved at its worst before a call, settled at what it came to. Safe from any thread.

    What is spent and what is reserved together never pass the budget, so calls cannot pass it, whatever the answers
    cost within their token limits. Kept in whole picodollars: sums of floats would pass it by a rounding error.
    """

    def __init__(self, budget: float | None = None) -> None:
        self.budget = budget
        self._most = None if budget is None else math.floor(Fraction(budget) * PICO)
        self._spent = self._reserved = 0
        self._lock = threading.Lock()

    def reserve(self, dollars: float) -> bool:
        """Set `dollars` aside; False, and nothing set aside, when that would pass the budget."""
        wanted = _pico(dollars)
        with self._lock:
            if self._most is not None and self._spent + self._reserved + wanted > self._most:
                return False
            self._reserved += wanted
            return True

    def settle(self, reserved: float, spent: float) -> None:
        """Give back what was `reserved` and book what was `spent`."""
        with self._lock:
            self._reserved = max(self._reserved - _pico(reserved), 0)
            self._spent += _pico(spent)

    def book(self, dollars: float) -> None:
        """Book what nobody could reserve: the time of a machine. It can pass the budget; the next call then cannot."""
        self.settle(0.0, dollars)

    @property
    def spent(self) -> float:
        """Dollars booked."""
        return self._spent / PICO

    @property
    def reserved(self) -> float:
        """Dollars set aside for calls under way."""
        return self._reserved / PICO


def _pico(dollars: float) -> int:
    return math.ceil(dollars * PICO)
