"""Intervals over items: they cover what they claim, and hang on nothing but the scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from skyassets.stages.intervals import MANY, mean_interval, share_interval

scores = st.integers(2, 16).flatmap(
    lambda s: st.tuples(st.just(s), st.lists(st.integers(0, s).map(lambda right: right / s), min_size=1, max_size=60))
)


@given(scores)
@settings(deadline=None)
def test_an_interval_holds_its_value_and_stays_a_share(drawn: tuple[int, list[float]]) -> None:
    samples, items = drawn
    told = share_interval(np.array(items), samples)
    assert told.value == pytest.approx(float(np.mean(items)))
    assert told.value is not None
    assert told.low is not None
    assert told.high is not None
    assert -1e-9 <= told.low <= told.value + 1e-9
    assert told.value - 1e-9 <= told.high <= 1 + 1e-9


@given(scores)
@settings(deadline=None)
def test_wrong_for_right_mirrors_the_interval(drawn: tuple[int, list[float]]) -> None:
    samples, items = drawn
    told, mirrored = share_interval(np.array(items), samples), share_interval(1 - np.array(items), samples)
    assert (told.low, told.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-6)  # type: ignore[operator]


def test_one_sample_an_item_has_wilsons_interval() -> None:
    told = share_interval(np.array([1.0] * 20 + [0.0] * 10), 1)
    expected = binomtest(20, 30).proportion_ci(method="wilson")
    assert (told.low, told.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert told.method == "Wilson 95%"


def test_no_judged_item_is_no_score() -> None:
    assert share_interval(np.array([]), 4).value is None


def test_samples_that_are_all_alike_tell_no_more_than_one() -> None:
    dice = np.random.default_rng(3)
    items = (dice.random(100) < 0.5).astype(float)
    assert share_interval(items, 64) == share_interval(items, 1)


@pytest.mark.parametrize(("n", "samples"), [(30, 1), (30, 4), (30, 16), (100, 16), (500, 4), (5000, 4)])
def test_shares_are_covered_as_often_as_it_says(n: int, samples: int) -> None:
    """Over accuracies from 0.1 to 0.95 and items of all spreads; the whole table is benchmarks/interval_coverage.py."""
    dice = np.random.default_rng((n, samples))
    trials = 1500 if n < MANY else 1000
    covered = 0
    for _ in range(trials):
        mean, strength = dice.uniform(0.1, 0.95), dice.choice([0.5, 1.0, 2.0, 5.0])
        items = dice.binomial(samples, dice.beta(mean * strength, (1 - mean) * strength, n)) / samples
        told = share_interval(items, samples)
        covered += told.low <= mean <= told.high  # type: ignore[operator]
    # 1.5 points, and two standard errors of the simulation.
    assert covered / trials == pytest.approx(0.95, abs=0.015 + 2 * (0.95 * 0.05 / trials) ** 0.5)


def test_token_counts_are_covered_as_often_as_it_says() -> None:
    dice = np.random.default_rng(5)
    covered = 0
    for _ in range(300):
        told = mean_interval(dice.lognormal(0, 0.7, 40))
        covered += told.low <= np.exp(0.7**2 / 2) <= told.high  # type: ignore[operator]
    assert covered / 300 == pytest.approx(0.95, abs=0.04)


def test_the_bootstraps_dice_are_fixed() -> None:
    values = np.random.default_rng(1).lognormal(7, 1, 50)
    assert mean_interval(values) == mean_interval(values)
