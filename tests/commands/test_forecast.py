"""`skyassets forecast` in words: how it reports whether a run fits its budget."""

import pytest

from skyassets.commands.planning.forecast import verdict
from skyassets.core.money import Price
from skyassets.stages.inspection.forecast import Lengths, Line

LENGTHS = Lengths(20, (0.0, 0.0, 0.0), (1000.0, 4000.0, 1500.0))
PRICE = Price(1.0, 2.0, as_of="2026-01-01", source="a test")
LINE = Line("teacher_traces", "teacher", "m@1", 0, 1000, PRICE, 50.0, LENGTHS, tokens_per_second=500.0)


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        (1.0, "$1.00: IT DOES NOT FIT"),
        (2.5, "$2.50: IT DOES NOT FIT, but would if every call had the median length"),
        (3.5, "$3.50: it fits, but would not if every call had the 95th percentile of length"),
        (9.0, "$9.00: it fits"),
    ],
)
def test_the_mean_decides_and_is_named(budget: float, message: str) -> None:
    assert verdict([LINE], budget) == f"Expected cost, for calls of mean length: $3.00; budget {message}"
