"""Intervals over items: they have the stated coverage, and depend on nothing but the scores."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from skyassets.stages.statistics.intervals import MANY, mean_interval, share_interval

scores = st.integers(2, 16).flatmap(
    lambda s: st.tuples(st.just(s), st.lists(st.integers(0, s).map(lambda right: right / s), min_size=1, max_size=60))
)


@given(scores)
@settings(deadline=None)
def test_an_interval_holds_its_value_and_stays_a_share(drawn: tuple[int, list[float]]) -> None:
    samples, items = drawn
    result = share_interval(np.array(items), samples)
    assert result.value == pytest.approx(float(np.mean(items)))
    assert result.value is not None
    assert result.low is not None
    assert result.high is not None
    assert -1e-9 <= result.low <= result.value + 1e-9
    assert result.value - 1e-9 <= result.high <= 1 + 1e-9


@given(scores)
@settings(deadline=None)
def test_swapping_wrong_and_right_mirrors_the_interval(drawn: tuple[int, list[float]]) -> None:
    samples, items = drawn
    result, mirrored = share_interval(np.array(items), samples), share_interval(1 - np.array(items), samples)
    assert (result.low, result.high) == pytest.approx((1 - mirrored.high, 1 - mirrored.low), abs=1e-6)  # type: ignore[operator]


def test_one_sample_an_item_has_wilsons_interval() -> None:
    result = share_interval(np.array([1.0] * 20 + [0.0] * 10), 1)
    expected = binomtest(20, 30).proportion_ci(method="wilson")
    assert (result.low, result.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert result.method == "Wilson 95%"


def test_no_judged_item_is_no_score() -> None:
    assert share_interval(np.array([]), 4).value is None


def test_equal_samples_of_an_item_count_as_one() -> None:
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
        result = share_interval(items, samples)
        covered += result.low <= mean <= result.high  # type: ignore[operator]
    # 1.5 points, and two standard errors of the simulation.
    assert covered / trials == pytest.approx(0.95, abs=0.015 + 2 * (0.95 * 0.05 / trials) ** 0.5)


@pytest.mark.parametrize(("n", "often_right"), [(30, 0.7), (100, 0.5), (100, 0.9), (250, 0.7)])
def test_items_of_two_humps_are_covered_as_often_as_it_says(n: int, often_right: float) -> None:
    """Items that are right 95% or 5% of the time, like hard contests: no beta distribution has this shape."""
    dice, samples, trials = np.random.default_rng((n, int(10 * often_right))), 64, 600
    chance = np.where(dice.random((trials, n)) < often_right, 0.95, 0.05)
    truth = 0.95 * often_right + 0.05 * (1 - often_right)
    result = [share_interval(items / samples, samples) for items in dice.binomial(samples, chance)]
    covered = np.mean([one.low <= truth <= one.high for one in result])  # type: ignore[operator]
    assert covered == pytest.approx(0.95, abs=0.015 + 2 * (0.95 * 0.05 / trials) ** 0.5)


def test_as_many_items_of_all_difficulties_are_covered_as_often_as_it_says() -> None:
    """Beta(1/2, 1/2), most at the ends: the two humps do not make the interval too wide."""
    dice, samples, trials = np.random.default_rng(6), 16, 600
    result = [
        share_interval(items / samples, samples) for items in dice.binomial(samples, dice.beta(0.5, 0.5, (trials, 100)))
    ]
    covered = np.mean([one.low <= 0.5 <= one.high for one in result])  # type: ignore[operator]
    assert covered == pytest.approx(0.95, abs=0.015 + 2 * (0.95 * 0.05 / trials) ** 0.5)


@pytest.mark.parametrize(("n", "sigma", "lowest"), [(30, 0.5, 0.93), (30, 1.0, 0.9), (100, 0.8, 0.93)])
def test_token_counts_are_covered_nearly_as_often_as_it_says(n: int, sigma: float, lowest: float) -> None:
    """Of 30 lengths that spread by 1 in the logarithm too seldom, as the docstring says."""
    dice, trials = np.random.default_rng((n, int(10 * sigma))), 500
    result = [mean_interval(lengths) for lengths in dice.lognormal(0, sigma, (trials, n))]
    covered = np.mean([one.low <= np.exp(sigma**2 / 2) <= one.high for one in result])  # type: ignore[operator]
    assert lowest <= covered <= 0.975


def test_lengths_have_an_interval_at_least_as_wide_as_students() -> None:
    lengths = np.random.default_rng(8).lognormal(7, 0.3, 40)
    result = mean_interval(lengths)
    reach = t.ppf(0.975, 39) * lengths.std(ddof=1) / 40**0.5
    assert result.low <= lengths.mean() - reach + 1e-9  # type: ignore[operator]
    assert result.high >= lengths.mean() + reach - 1e-9  # type: ignore[operator]


def test_no_mean_length_is_below_zero() -> None:
    assert mean_interval(np.array([1.0] * 30 + [100_000.0])).low == 0


def test_one_answer_that_ended_before_the_limit_does_not_stretch_the_interval_without_bounds() -> None:
    result = mean_interval(np.array([16_384.0] * 29 + [500.0]))
    assert result.low > 13_000  # type: ignore[operator]
    assert result.high < 18_000  # type: ignore[operator]


def test_the_bootstrap_has_a_fixed_seed() -> None:
    values = np.random.default_rng(1).lognormal(7, 1, 50)
    assert mean_interval(values) == mean_interval(values)
