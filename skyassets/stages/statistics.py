"""Statistics of scores: intervals and a paired test, each with its source. Plain numbers in and out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, stdev

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


def accuracy(scores: Sequence[float]) -> Estimate:
    """The mean of per-item scores in [0, 1], with a 95% interval.

    Wilson's score interval where every score is 0 or 1 (Wilson 1927, JASA 22:209; one sample an item). Otherwise the
    normal interval over items, whose samples are not independent of each other (Miller 2024, arXiv 2411.00640, 2.2).
    """
    n = len(scores)
    if n == 0:
        return Estimate(0, None, None, None, "no judged item")
    mean = fmean(scores)
    if all(score in (0.0, 1.0) for score in scores):
        low, high = wilson(round(sum(scores)), n)
        return Estimate(n, mean, low, high, "Wilson 95%")
    if n == 1:
        return Estimate(1, mean, 0.0, 1.0, "one item")
    reach = _z() * stdev(scores) / math.sqrt(n)
    return Estimate(n, mean, max(0.0, mean - reach), min(1.0, mean + reach), "normal over items 95%")


def wilson(successes: int, n: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval of a proportion, without continuity correction (Wilson 1927, JASA 22:209)."""
    z = _z(confidence)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    reach = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the formula is exact in theory and off by rounding in floats.
    return (0.0 if successes == 0 else centre - reach), (1.0 if successes == n else centre + reach)


def difference(first: Sequence[float], second: Sequence[float]) -> Estimate:
    """Second minus first on the same items: the mean difference, a 95% interval, and a two-sided exact p.

    The interval is the normal one of paired differences (Miller 2024, arXiv 2411.00640, 4.2). The p-value is the exact
    sign test on the items that differ, which for scores of 0 and 1 is McNemar's exact test (McNemar 1947,
    Psychometrika 12:153).

    Raises:
        ValueError: when the two are not of one length.
    """
    gaps = [after - before for before, after in zip(first, second, strict=True)]
    n = len(gaps)
    if n < 2:
        return Estimate(n, gaps[0] if gaps else None, None, None, "too few paired items")
    mean, reach = fmean(gaps), _z() * stdev(gaps) / math.sqrt(n)
    p = sign_test(sum(gap > 0 for gap in gaps), sum(gap < 0 for gap in gaps))
    low, high = max(-1.0, mean - reach), min(1.0, mean + reach)
    return Estimate(n, mean, low, high, "paired normal 95%, exact McNemar / sign test", p)


def sign_test(up: int, down: int) -> float:
    """Two-sided exact p of `up` against `down` under a fair coin; 1.0 when nothing differs."""
    n, fewer = up + down, min(up, down)
    if n == 0:
        return 1.0
    # Whole numbers until the last division: 2 ** n leaves the floats' range beyond a thousand items.
    tail: int = sum(math.comb(n, k) for k in range(fewer + 1))
    return min(1.0, 2 * tail / (1 << n))


def _z(confidence: float = CONFIDENCE) -> float:
    return NormalDist().inv_cdf(0.5 + confidence / 2)
