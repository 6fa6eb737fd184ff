"""Statistics: the same numbers as independent implementations."""

from itertools import combinations
from math import comb

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, t

from skyassets.stages.statistics.estimates import normal_quantile, pass_at_k, sign_test, student_quantile, wilson

counts = st.integers(1, 600).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
drawn = st.integers(1, 200).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n), st.integers(1, n)))


@given(counts)
@settings(deadline=None)
def test_wilson_agrees_with_scipy(counts: tuple[int, int]) -> None:
    expected = binomtest(*counts).proportion_ci(method="wilson")
    assert wilson(*counts) == pytest.approx((expected.low, expected.high), abs=1e-9)


@given(st.integers(0, 300), st.integers(0, 300))
@settings(deadline=None)
def test_the_sign_test_agrees_with_scipy(up: int, down: int) -> None:
    expected = binomtest(up, up + down).pvalue if up + down else 1.0
    assert sign_test(up, down) == pytest.approx(expected, abs=1e-9)


def test_the_sign_test_of_thousands_of_items_is_a_number() -> None:
    assert 0 < sign_test(2600, 2400) < 0.01


@given(drawn)
def test_pass_at_k_agrees_with_the_binomials_of_the_paper(counts: tuple[int, int, int]) -> None:
    n, right, k = counts
    assert pass_at_k(n, right, k) == pytest.approx(1 - comb(n - right, k) / comb(n, k), abs=1e-9)


@given(st.lists(st.booleans(), min_size=1, max_size=8).flatmap(lambda x: st.tuples(st.just(x), st.integers(1, len(x)))))
def test_pass_at_k_is_the_share_of_all_subsets_with_a_right_one(samples: tuple[list[bool], int]) -> None:
    right, k = samples
    subsets = list(combinations(right, k))
    assert pass_at_k(len(right), sum(right), k) == pytest.approx(sum(map(any, subsets)) / len(subsets), abs=1e-12)


@given(counts)
def test_pass_at_1_is_the_mean(counts: tuple[int, int]) -> None:
    right, n = counts
    assert pass_at_k(n, right, 1) == pytest.approx(right / n, abs=1e-12)


@pytest.mark.parametrize(("n", "right", "k"), [(3, 1, 4), (3, 1, 0), (3, 4, 1), (3, -1, 1)])
def test_pass_at_k_refuses_undefined_combinations(n: int, right: int, k: int) -> None:
    with pytest.raises(ValueError, match="is not defined"):
        pass_at_k(n, right, k)


@given(st.integers(1, 5000), st.floats(0.5, 0.999))
@settings(deadline=None)
def test_quantiles_agree_with_scipy(degrees: int, confidence: float) -> None:
    assert student_quantile(degrees, confidence) == pytest.approx(t.ppf(0.5 + confidence / 2, degrees), rel=1e-9)
    assert normal_quantile(confidence) == pytest.approx(norm.ppf(0.5 + confidence / 2), rel=1e-9)
