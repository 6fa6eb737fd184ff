"""Levels that exact tests attain, against a listing of all outcomes."""

from itertools import product

import pytest
from scipy.stats import binomtest

from skyassets.stages.statistics.multiple import attainable_level


@pytest.mark.parametrize("differing", range(15))
def test_mcnemars_test_is_significant_by_chance_as_often_as_it_says(differing: int) -> None:
    outcomes = [sum(flips) for flips in product((0, 1), repeat=differing)]
    significant = [differing > 0 and binomtest(won, differing).pvalue < 0.05 for won in outcomes]
    expected = sum(significant) / len(outcomes)
    assert attainable_level(differing, are_equal=True) == pytest.approx(expected)


@pytest.mark.parametrize("differing", range(2, 13))
def test_a_sign_flip_test_attains_at_most_what_it_says(differing: int) -> None:
    sizes = [1 + 0.1237 * place + 0.0311 * place**2 for place in range(differing)]
    sums = [
        abs(sum(sign * size for sign, size in zip(flips, sizes, strict=True)))
        for flips in product((-1, 1), repeat=differing)
    ]
    p_values = [sum(other >= one - 1e-9 for other in sums) / len(sums) for one in sums]
    attained = sum(p < 0.05 for p in p_values) / len(sums)
    assert attained <= attainable_level(differing, are_equal=False) + 1e-12
    assert attainable_level(differing, are_equal=False) <= 0.05
