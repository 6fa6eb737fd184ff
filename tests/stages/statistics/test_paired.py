"""Two models on the same items: the exact tests agree with independent ones, and the interval has its coverage."""

from itertools import product
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, permutation_test, t, ttest_rel

from skyassets.stages.statistics.paired import difference, flipped, share_gaps_interval

few = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=9)
marks = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=200)


@given(marks)
@settings(deadline=None)
def test_single_samples_get_mcnemars_exact_test(pairs: list[tuple[bool, bool]]) -> None:
    result = difference([float(a) for a, _ in pairs], [float(b) for _, b in pairs])
    won, lost = sum(b and not a for a, b in pairs), sum(a and not b for a, b in pairs)
    assert (result.won, result.lost) == (won, lost)
    expected = binomtest(won, won + lost).pvalue if won + lost else 1.0
    assert result.p_value == pytest.approx(expected, abs=1e-9)


@given(few)
@settings(deadline=None)
def test_shares_get_the_test_over_all_sign_flips(pairs: list[tuple[int, int]]) -> None:
    gaps = np.array([b - a for a, b in pairs])
    sums = [
        abs(sum(sign * gap for sign, gap in zip(signs, gaps, strict=True)))
        for signs in product((1, -1), repeat=len(gaps))
    ]
    expected = np.mean([each >= abs(gaps.sum()) for each in sums])
    result = difference([a / 4 for a, _ in pairs], [b / 4 for _, b in pairs])
    assert result.p_value == pytest.approx(float(expected), abs=1e-9)


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
    result, back = difference(one, other), difference(other, one)
    assert (result.value, result.low, result.high) == pytest.approx((-back.value, -back.high, -back.low))  # type: ignore[operator]
    assert (result.p_value, result.won) == (pytest.approx(back.p_value), back.lost)
    assert result.low <= result.value + 1e-12  # type: ignore[operator]
    assert result.value <= result.high + 1e-12  # type: ignore[operator]


@pytest.mark.parametrize("samples", [1, 4])
def test_a_zero_difference_is_reported_as_zero_with_uncertainty(samples: int) -> None:
    scores = np.arange(12) % (samples + 1) / samples
    same = difference(scores, scores)
    assert (same.value, same.p_value, same.won, same.lost) == (0.0, 1.0, 0, 0)
    # Twelve items of which none was won leave Wilson's 24.2% open, and as much for lost.
    zero_of_twelve = binomtest(0, 12).proportion_ci(method="wilson").high
    assert (same.low, same.high) == pytest.approx((-zero_of_twelve, zero_of_twelve))
    assert zero_of_twelve == pytest.approx(0.242, abs=1e-3)


@given(few)
@settings(deadline=None)
def test_no_interval_is_without_width(pairs: list[tuple[int, int]]) -> None:
    first, second = [a / 4 for a, _ in pairs], [b / 4 for _, b in pairs]
    for result in (difference(first, second), difference(first, second, is_share=False)):
        assert result.low < result.high  # type: ignore[operator]


def test_scores_have_students_interval_with_two_unseen_differences() -> None:
    first, second = np.array([0.0, 0.25, 0.5, 0.5, 1.0]), np.array([0.5, 0.25, 0.25, 1.0, 1.0])
    result, gaps = difference(first, second), second - first
    spread = ((gaps**2).sum() - 5 * gaps.mean() ** 2 + 0.25**2 + 0.25**2) / 4
    reach = t.ppf(0.975, 4) * (spread / 5) ** 0.5
    assert (result.low, result.high) == pytest.approx((gaps.mean() - reach, gaps.mean() + reach))
    assert result.method == "paired Student with two unseen differences 95%, exact sign-flip test"


def test_a_difference_has_the_sign_of_the_second() -> None:
    better = difference([0.0] * 20, [1.0] * 15 + [0.0] * 5)
    assert better.value == 0.75
    assert better.p_value is not None
    assert better.p_value < 1e-3
    assert (better.won, better.lost) == (15, 0)


def test_tokens_are_compared_item_by_item() -> None:
    result = difference([100.0, 220.0, 340.0], [110.0, 230.0, 350.0], is_share=False)
    assert (result.value, result.won, result.p_value) == (pytest.approx(10), 3, pytest.approx(0.25))


def test_tokens_have_the_paired_students_interval() -> None:
    first, second = np.array([100.0, 220.0, 340.0, 90.0]), np.array([130.0, 210.0, 350.0, 95.0])
    expected = ttest_rel(second, first).confidence_interval(0.95)
    result = difference(first, second, is_share=False)
    assert (result.low, result.high) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("is_share", [True, False])
def test_unpaired_scores_are_refused(is_share: bool) -> None:
    with pytest.raises(ValueError, match="cannot be paired"):
        difference([1.0], [1.0, 0.0], is_share=is_share)


@pytest.mark.parametrize(("n", "samples"), [(30, 4), (100, 1), (500, 4), (5000, 4)])
def test_differences_are_covered_as_often_as_it_says(n: int, samples: int) -> None:
    """Of two that differ on enough samples; the whole table is benchmarks/interval_coverage.py."""
    dice, trials = np.random.default_rng((n, samples)), 600
    first = dice.beta(2, 2, (trials, n))
    second = np.clip(first + 0.1 * (1 - first), 0, 1)
    truth = 0.1 * 0.5
    gaps = (dice.binomial(samples, second) - dice.binomial(samples, first)) / samples
    result = [share_gaps_interval(each) for each in gaps]
    covered = np.mean([low <= truth <= high for low, high, _ in result])
    assert covered == pytest.approx(0.95, abs=0.015 + 2 * (0.95 * 0.05 / trials) ** 0.5)


def test_gains_on_a_few_of_a_hundred_items_are_covered_about_as_often_as_it_says() -> None:
    """One item in twenty turns from nearly always wrong to nearly always right: a plain Student covers 0.91 of it."""
    dice, n, samples, trials = np.random.default_rng(9), 100, 16, 1000
    first = np.where(dice.random((trials, n)) < 0.5, 0.95, 0.05)
    second = np.where(dice.random((trials, n)) < 0.1, 0.95, first)
    gaps = (dice.binomial(samples, second) - dice.binomial(samples, first)) / samples
    result = [share_gaps_interval(each) for each in gaps]
    covered = np.mean([low <= 0.05 * 0.9 <= high for low, high, _ in result])
    assert covered == pytest.approx(0.935, abs=0.015)


def by_brute_force(gaps: np.ndarray) -> float:
    """The p-value over all sign flips, listed one by one."""
    observed = abs(gaps.sum())
    sums = [abs(float(np.dot(signs, np.abs(gaps)))) for signs in product((-1, 1), repeat=len(gaps))]
    return float(np.mean([each >= observed - 1e-9 for each in sums]))


def pass_at_4(right: int, samples: int) -> float:
    return 1 - comb(samples - right, 4) / comb(samples, 4) if samples >= 4 else float(right > 0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 16), st.integers(0, 16), st.integers(16, 16) | st.integers(11, 16)).map(
            lambda item: pass_at_4(min(item[0], item[2]), item[2]) - pass_at_4(min(item[1], 16), 16)
        ),
        min_size=2,
        max_size=12,
    )
)
def test_pass_at_k_of_any_number_of_samples_agrees_with_brute_force(gaps: list[float]) -> None:
    rounded = np.round(np.array(gaps), 12)
    assert flipped(rounded)[0] == pytest.approx(by_brute_force(rounded), abs=1e-6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=12))
def test_differences_of_any_kind_agree_with_brute_force(gaps: list[float]) -> None:
    rounded = np.round(np.array(gaps), 12)
    assert flipped(rounded)[0] == pytest.approx(by_brute_force(rounded), abs=1e-6)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("kind", ["pass@4", "failed samples", "tokens", "any"])
def test_many_items_agree_with_a_million_random_flips(kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    n = 30
    before, after = random.integers(0, 12, n), random.integers(2, 17, n)
    if kind == "pass@4":
        gaps = np.array([pass_at_4(b, 16) - pass_at_4(a, 16) for a, b in zip(before, after, strict=True)])
    elif kind == "failed samples":
        gaps = after / random.integers(16, 20, n) - before / random.integers(12, 17, n)
    elif kind == "tokens":
        gaps = random.normal(300, 800, n) / random.integers(13, 17, n)
    else:
        gaps = random.standard_cauchy(n) + 0.5
    gaps = np.round(gaps, 12)
    flips = random.choice((-1.0, 1.0), (1_000_000, n)) @ np.abs(gaps)
    expected = float((np.abs(flips) >= abs(gaps.sum()) - 1e-9).mean())
    p, name = flipped(gaps)
    assert p == pytest.approx(expected, abs=0.004)
    assert ("rounded" in name) is (kind in ("tokens", "any", "failed samples"))


def test_a_clear_gain_in_pass_at_4_is_seen() -> None:
    random = np.random.default_rng(5)
    before, after = random.integers(0, 5, 30), random.integers(1, 8, 30)
    gaps = np.round([pass_at_4(b, 16) - pass_at_4(a, 16) for a, b in zip(before, after, strict=True)], 12)
    expected = permutation_test(
        (gaps,), lambda values, axis: np.mean(values, axis=axis), permutation_type="samples", n_resamples=200_000,
        random_state=1, vectorized=True,
    )  # fmt: skip
    assert flipped(gaps)[0] == pytest.approx(expected.pvalue, abs=0.002)
