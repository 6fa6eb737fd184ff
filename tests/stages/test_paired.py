"""Two on the same items: the exact tests agree with independent ones, and the interval covers what it claims."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test

from skyassets.stages.paired import difference, flipped, mean_difference

few = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=9)
marks = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=200)


@given(marks)
def test_single_samples_get_mcnemars_exact_test(pairs: list[tuple[bool, bool]]) -> None:
    told = difference([float(a) for a, _ in pairs], [float(b) for _, b in pairs])
    won, lost = sum(b and not a for a, b in pairs), sum(a and not b for a, b in pairs)
    assert (told.won, told.lost) == (won, lost)
    expected = binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert told.p_value == pytest.approx(expected, abs=1e-9)


@given(few)
@settings(deadline=None)
def test_shares_get_the_test_over_all_sign_flips(pairs: list[tuple[int, int]]) -> None:
    gaps = np.array([b - a for a, b in pairs])
    sums = [
        abs(sum(sign * gap for sign, gap in zip(signs, gaps, strict=True)))
        for signs in product((1, -1), repeat=len(gaps))
    ]
    expected = np.mean([each >= abs(gaps.sum()) for each in sums])
    told = difference([a / 4 for a, _ in pairs], [b / 4 for _, b in pairs])
    assert told.p_value == pytest.approx(float(expected), abs=1e-9)


def test_the_sign_flips_agree_with_scipys_permutation_test() -> None:
    dice = np.random.default_rng(2)
    gaps = np.round(dice.normal(0.3, 1, 12), 3)
    nought = np.zeros(12)
    expected = permutation_test(
        (gaps, nought), lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=2**12
    )
    assert flipped(gaps)[0] == pytest.approx(expected.pvalue, abs=1e-9)


def test_thousands_of_items_take_a_moment_and_agree_with_the_normal_distribution() -> None:
    dice = np.random.default_rng(4)
    gaps = dice.integers(-64, 66, 3000) / 64
    p, _ = flipped(gaps)
    z = gaps.sum() / np.sqrt((gaps**2).sum())
    from scipy.stats import norm

    assert p == pytest.approx(2 * norm.sf(abs(z)), abs=0.003)


@given(few)
@settings(deadline=None)
def test_the_other_way_round_is_the_mirror_image(pairs: list[tuple[int, int]]) -> None:
    one, other = [a / 4 for a, _ in pairs], [b / 4 for _, b in pairs]
    told, back = difference(one, other), difference(other, one)
    assert (told.value, told.low, told.high) == pytest.approx((-back.value, -back.high, -back.low))  # type: ignore[operator]
    assert (told.p_value, told.won) == (pytest.approx(back.p_value), back.lost)
    assert told.low <= told.value + 1e-12  # type: ignore[operator]
    assert told.value <= told.high + 1e-12  # type: ignore[operator]


def test_no_difference_is_told_as_none() -> None:
    same = difference([1, 0, 1, 1], [1, 0, 1, 1])
    assert (same.value, same.p_value, same.won, same.lost) == (0.0, 1.0, 0, 0)


def test_a_difference_has_the_sign_of_the_second() -> None:
    better = difference([0.0] * 20, [1.0] * 15 + [0.0] * 5)
    assert better.value == 0.75
    assert better.p_value is not None
    assert better.p_value < 1e-3
    assert (better.won, better.lost) == (15, 0)


def test_tokens_are_compared_item_by_item() -> None:
    told = mean_difference([100.0, 220.0, 340.0], [110.0, 230.0, 350.0])
    assert (told.value, told.won, told.p_value) == (pytest.approx(10), 3, pytest.approx(0.25))


@pytest.mark.parametrize("compare", [difference, mean_difference])
def test_unpaired_scores_are_refused(compare: object) -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        compare([1.0], [1.0, 0.0])  # type: ignore[operator]


@pytest.mark.parametrize(("n", "samples"), [(30, 4), (100, 1), (500, 4), (5000, 4)])
def test_differences_are_covered_as_often_as_it_says(n: int, samples: int) -> None:
    """Of two that differ on enough samples; the whole table is benchmarks/interval_coverage.py."""
    dice = np.random.default_rng((n, samples))
    trials, covered = 600, 0
    for _ in range(trials):
        first = dice.beta(2, 2, n)
        second = np.clip(first + 0.1 * (1 - first), 0, 1)
        truth = 0.1 * 0.5
        told = difference(dice.binomial(samples, first) / samples, dice.binomial(samples, second) / samples)
        covered += told.low <= truth <= told.high  # type: ignore[operator]
    assert covered / trials == pytest.approx(0.95, abs=0.015 + 2 * (0.95 * 0.05 / trials) ** 0.5)
