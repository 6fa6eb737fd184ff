"""Statistics of scores: the `Estimate` class, Wilson's interval, pass@k, and the exact sign test.

Intervals for shares of several samples are in `intervals`, paired comparisons in `paired`.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, the number of items, and the name of the method."""

    n: int
    value: float | None
    low: float | None
    high: float | None
    method: str
    p_value: float | None = None
    won: int | None = None
    """In a comparison, the number of items on which the second scores above the first."""
    lost: int | None = None


def wilson(successes: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a proportion, without continuity correction (Wilson 1927, JASA 22:209).

    Both may be fractional: an effective sample size, and the share times that size.
    """
    z = normal_quantile(confidence)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At 0 and n the ends are exactly 0 and 1; this avoids floating-point error.
    return (0.0 if successes == 0 else centre - reach), (1.0 if successes == n else centre + reach)


def sign_test(up: int, down: int) -> float:
    """Two-sided exact p-value of `up` against `down` under a fair coin; 1.0 if both are 0."""
    n, fewer = up + down, min(up, down)
    if n == 0:
        return 1.0
    # Integers until the final division, because 2 ** n overflows a float beyond a thousand items.
    tail: int = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << n))


def pass_at_k(n: int, right: int, k: int) -> float:
    """Unbiased estimate of the chance that at least one of `k` samples is correct, from `right` correct of `n`.

    1 - C(n - right, k) / C(n, k), computed as a product that neither overflows nor underflows (Chen et al. 2021,
    arXiv 2107.03374, equation 1).

    Raises:
        ValueError: If k is below 1, there are fewer than k samples, or more correct ones than samples.
    """
    if not 1 <= k <= n or not 0 <= right <= n:
        raise ValueError(f"pass@{k} is not defined for {right} correct of {n} samples")
    if n - right < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - right + 1, n + 1))


def normal_quantile(confidence: float = CONFIDENCE) -> float:
    """The two-sided quantile of the normal distribution, in standard errors."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def student_quantile(degrees: int, confidence: float = CONFIDENCE) -> float:
    """The two-sided quantile of Student's t distribution (Student 1908, Biometrika 6:1)."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + confidence / 2))
