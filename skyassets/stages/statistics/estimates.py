"""Statistics of scores: what an estimate is, Wilson's interval, pass@k, and the exact test of signs. Plain numbers.

Shares of several samples have their interval in `intervals`, two on the same items are compared in `paired`.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, the items behind it, and the name of the method."""

    n: int
    value: float | None
    low: float | None
    high: float | None
    method: str
    p_value: float | None = None
    won: int | None = None
    """Where two are compared: items on which the second is above the first."""
    lost: int | None = None


def wilson(successes: float, n: float, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a proportion, without continuity correction (Wilson 1927, JASA 22:209).

    Both may be broken numbers: an effective number of items, and as many of them as the share is.
    """
    z = normal_quantile(confidence)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the formula is exact in theory and off by rounding in floats.
    return (0.0 if successes == 0 else centre - reach), (1.0 if successes == n else centre + reach)


def sign_test(up: int, down: int) -> float:
    """Two-sided exact p of `up` against `down` under a fair coin; 1.0 when nothing differs."""
    n, fewer = up + down, min(up, down)
    if n == 0:
        return 1.0
    # Whole numbers until the last division: 2 ** n leaves the floats' range beyond a thousand items.
    tail: int = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << n))


def pass_at_k(n: int, right: int, k: int) -> float:
    """The chance that at least one of `k` samples is right, estimated without bias from `n`, `right` of them right.

    1 - C(n - right, k) / C(n, k), as the product that neither over- nor underflows (Chen et al. 2021,
    arXiv 2107.03374, equation 1).

    Raises:
        ValueError: for k below 1, for fewer samples than k, or for more right ones than samples.
    """
    if not 1 <= k <= n or not 0 <= right <= n:
        raise ValueError(f"pass@{k} cannot be told from {n} samples, {right} of them right; it wants {k} or more")
    if n - right < k:
        return 1.0
    return 1.0 - math.prod(1.0 - k / i for i in range(n - right + 1, n + 1))


def normal_quantile(confidence: float = CONFIDENCE) -> float:
    """How many standard errors a two-sided interval of the normal distribution reaches."""
    return NormalDist().inv_cdf(0.5 + confidence / 2)


def student_quantile(degrees: int, confidence: float = CONFIDENCE) -> float:
    """The same of Student's distribution (Student 1908, Biometrika 6:1)."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 0.5 + confidence / 2))
