"""Packing: nothing lost, nothing twice, nothing above the capacity, and hardly any room wasted."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.training.packing import packed

CAPACITY = 16_384


@given(st.integers(1, 300).flatmap(lambda most: st.tuples(st.lists(st.integers(1, most)), st.just(most))))
def test_every_example_is_in_one_row_and_no_row_is_above_the_capacity(drawn: tuple[list[int], int]) -> None:
    lengths, capacity = drawn
    rows = packed(lengths, capacity)
    assert sorted(place for row in rows for place in row) == list(range(len(lengths)))
    assert all(0 < sum(lengths[place] for place in row) <= capacity for row in rows)


@given(st.lists(st.integers(1, 64)))
def test_no_two_rows_would_fit_into_one(lengths: list[int]) -> None:
    filled = sorted(sum(lengths[place] for place in row) for row in packed(lengths, 64))
    assert len(filled) < 2 or filled[0] + filled[1] > 64


@given(st.lists(st.integers(1, 64)))
def test_the_same_lengths_are_packed_the_same_way(lengths: list[int]) -> None:
    assert packed(lengths, 64) == packed(list(lengths), 64)


@given(st.lists(st.integers(1, 31), min_size=1))
def test_pairs_that_fill_a_row_are_found(shorter: list[int]) -> None:
    lengths = [*shorter, *(63 - length for length in shorter)]
    assert len(packed(lengths, 63)) == len(shorter)


def test_no_examples_make_no_rows() -> None:
    assert packed([], 8) == []


@pytest.mark.parametrize("length", [0, 9])
def test_a_length_that_no_row_can_hold_is_named(length: int) -> None:
    with pytest.raises(ValueError, match=f"example 1 has {length} tokens; a row of 8 holds 1 to 8"):
        packed([3, length], 8)


@pytest.mark.parametrize("seed", range(3))
def test_17000_reasoning_lengths_fill_998_thousandths(seed: int) -> None:
    draw = random.Random(seed)
    lengths = [min(CAPACITY, max(64, int(draw.lognormvariate(8.1, 0.8)))) for _ in range(17_000)]
    assert sum(lengths) / (len(packed(lengths, CAPACITY)) * CAPACITY) >= 0.998


def test_a_row_more_than_the_tokens_need_is_rare_among_short_examples() -> None:
    draw = random.Random(0)
    lengths = [draw.randint(50, 600) for _ in range(17_000)]
    assert len(packed(lengths, CAPACITY)) <= math.ceil(sum(lengths) / CAPACITY) + 1
