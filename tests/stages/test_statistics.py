"""Statistics: the same numbers as an independent implementation, and intervals that cover what they claim."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from skyassets.stages.statistics import accuracy, difference, sign_test, wilson


@given(st.integers(1, 600).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_agrees_with_scipy(counts: tuple[int, int]) -> None:
    expected = binomtest(*counts).proportion_ci(method="wilson")
    assert wilson(*counts) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_sign_test_agrees_with_scipy(up: int, down: int) -> None:
    expected = binomtest(up, up + down).pvalue if up + down else 1.0
    assert sign_test(up, down) == pytest.approx(expected, abs=1e-9)


def test_the_sign_test_of_thousands_of_items_is_a_number() -> None:
    assert 0 < sign_test(2600, 2400) < 0.01


@pytest.mark.parametrize(("n", "share"), [(30, 0.2), (200, 0.5), (1000, 0.9)])
def test_wilson_covers_the_truth_as_often_as_it_says(n: int, share: float) -> None:
    dice = random.Random(n)
    trials = 3000
    covered = 0
    for _ in range(trials):
        low, high = wilson(sum(dice.random() < share for _ in range(n)), n)
        covered += low <= share <= high
    assert covered / trials == pytest.approx(0.95, abs=0.02)


def test_no_judged_item_is_no_score() -> None:
    assert accuracy([]).value is None


def test_several_samples_of_one_item_count_as_one_item() -> None:
    assert accuracy([0.5, 0.25, 1.0, 0.0]).n == 4


def test_no_difference_is_told_as_none() -> None:
    same = difference([1, 0, 1, 1], [1, 0, 1, 1])
    assert (same.value, same.p_value) == (0.0, 1.0)


def test_a_difference_has_the_sign_of_the_second() -> None:
    better = difference([0.0] * 20, [1.0] * 15 + [0.0] * 5)
    assert better.value == 0.75
    assert better.p_value is not None
    assert better.p_value < 1e-3


def test_unpaired_scores_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        difference([1.0], [1.0, 0.0])
