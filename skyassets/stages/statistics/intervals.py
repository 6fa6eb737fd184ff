"""Intervals of means over items: of shares of correct samples, and of numbers such as tokens.

Samples of one item are not independent (Miller 2024, arXiv 2411.00640, 2.2), so the unit of analysis is the item.
"""

import math
from typing import TYPE_CHECKING

from skyassets.stages.statistics.estimates import Estimate, normal_quantile, student_quantile, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

MANY = 300
"""The number of items from which the measured variance is reliable enough to be used alone."""
CORRELATIONS = 20
"""Grid points for integrating over the intraclass correlation."""
ROUNDS = 60
CLOSE = 1e-9
RESAMPLES = 1000
MOST_DRAWN = 4_000_000
"""Items drawn at once by the bootstrap."""
SEED = 20107
LEAST_ERROR = 0.25
"""The least standard error of a resample's mean, as a fraction of the sample's. If one value is an outlier, resamples
without it have almost no variance and would widen the interval without bound; this limit does not reduce coverage.
"""


def share_interval(scores: "Scores", samples: float) -> Estimate:
    """The mean of per-item scores in [0, 1], each the mean of about `samples` samples, with a 95% interval.

    If every score is 0 or 1, this is Wilson's interval. Otherwise it is Wilson's inversion with the design effect D
    (Kish 1965, Survey Sampling, 8.2): the m with (mean - m)^2 <= z^2 m (1 - m) D / n, where D is the items' variance
    divided by that of as many single samples, m (1 - m).

    From `MANY` items on, D is measured, with Student's quantile (Korn and Graubard 1998, Survey Methodology 24:193).
    With fewer items, each end is the outer one of two estimates, because either can be too small. If nearly all items
    are alike, rare items may be missing from the sample, so the measured D is too small (and a bootstrap over items
    too narrow). The second estimate therefore models the samples as beta-binomial (Williams 1975, Biometrics 31:949):
    D is r + (1 - r) / samples for an intraclass correlation of r, averaged for each m over r, weighted by the
    likelihood of the scores and Beta(1/2, 1). If most items are nearly always correct and the others nearly never, no
    beta distribution fits them, and this second D is too small.
    """
    import numpy as np

    n = len(scores)
    if n == 0:
        return Estimate(0, None, None, None, "no judged item")
    mean = float(scores.mean())
    if bool(((scores == 0) | (scores == 1)).all()):
        low, high = wilson(round(float(scores.sum())), n)
        return Estimate(n, mean, low, high, "Wilson 95%")
    if n == 1:
        return Estimate(1, mean, 0.0, 1.0, "one item")
    wider = (student_quantile(n - 1) / normal_quantile()) ** 2
    effect = float(scores.var(ddof=1)) / (mean * (1 - mean)) * wider
    low, high = _inverted(mean, n, effect, effect)
    if n >= MANY:
        return Estimate(n, mean, low, high, "Wilson with the items' measured design effect 95%")
    lower, higher = _beta_binomial(np.asarray(scores), max(samples, 1.0), mean)
    method = "Wilson with the larger of measured and beta-binomial design effect 95%"
    return Estimate(n, mean, min(low, lower), max(high, higher), method)


def _inverted(mean: float, n: int, low_effect: float, high_effect: float) -> tuple[float, float]:
    """Wilson's interval with a separate design effect for each end, bounded below so that no end equals the mean."""
    below, above = (n / max(effect, 1e-12) for effect in (low_effect, high_effect))
    return wilson(mean * below, below)[0], wilson(mean * above, above)[1]


def _beta_binomial(scores: "Scores", samples: float, mean: float) -> tuple[float, float]:
    """The interval, by fixed-point iteration from the mean: each end is consistent with the design effect at that end.

    The effect grows with the distance from the mean, so the iteration only moves outwards and finds the first fixed
    point.
    """
    import numpy as np
    from scipy.special import gammaln

    values, counts = np.unique(scores, return_counts=True)
    right = values * samples
    # A uniform grid in the square root of r has the density Beta(1/2, 1) and resolves small correlations.
    r = ((np.arange(CORRELATIONS) + 0.5) / CORRELATIONS) ** 2
    strength = (1 / r - 1)[None, :]
    effects = r + (1 - r) / samples
    n = len(scores)

    def effect(at: "Scores") -> "Scores":
        """The design effect at each of two means."""
        good, bad = at[:, None] * strength, (1 - at[:, None]) * strength
        likelihood = (gammaln(right + good[..., None]) + gammaln(samples - right + bad[..., None])) @ counts
        likelihood += n * (gammaln(strength) - gammaln(strength + samples) - gammaln(good) - gammaln(bad))
        weights = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
        weighed: Scores = (weights @ effects) / weights.sum(axis=1)
        return weighed

    ends = np.array([mean, mean])
    for _ in range(ROUNDS):
        low_effect, high_effect = effect(ends).tolist()
        further = np.array(_inverted(mean, n, low_effect, high_effect))
        moved = float(np.abs(further - ends).max())
        ends = further
        if moved < CLOSE:
            break
    return float(ends[0]), float(ends[1])


def mean_interval(values: "Scores") -> Estimate:
    """The mean of numbers of any size, one per item, with a 95% interval.

    Each end is the outer one of two. The studentised bootstrap over items with a fixed seed (Efron and Tibshirani 1993,
    An Introduction to the Bootstrap, 12.5) follows the skew of lengths, but a few items show too little of a long tail;
    Student's interval compensates on the other side. Below ten items only Student's is used, because too many resamples
    would repeat a single item. No end is negative if no number is.

    If the tail is longer than the items show, the mean may still be above the interval more often than nominal: 7% of
    the time for 30 log-normal lengths whose logarithms have a standard deviation of 1.
    """
    import numpy as np

    n = len(values)
    if n == 0:
        return Estimate(0, None, None, None, "nothing to count")
    mean, spread = float(values.mean()), float(values.std(ddof=1)) if n > 1 else 0.0
    if n == 1:
        return Estimate(1, mean, None, None, "one item")
    error = spread / math.sqrt(n)
    reach = student_quantile(n - 1) * error
    least = 0.0 if float(values.min()) >= 0 else -math.inf
    if spread == 0 or n < 10:
        return Estimate(n, mean, max(mean - reach, least), mean + reach, "Student over items 95%")
    dice = np.random.default_rng((SEED, n))
    at_once = min(RESAMPLES, max(1, MOST_DRAWN // n))
    errors = [
        _studentised(values[dice.integers(0, n, (min(at_once, RESAMPLES - done), n))], mean, LEAST_ERROR * error)
        for done in range(0, RESAMPLES, at_once)
    ]
    lowest, highest = np.quantile(np.concatenate(errors), (0.025, 0.975))
    low, high = max(mean - max(float(highest) * error, reach), least), mean + max(-float(lowest) * error, reach)
    method = f"wider of Student's and studentised bootstrap over items, {RESAMPLES:,} resamples, 95%"
    return Estimate(n, mean, low, high, method)


def _studentised(drawn: "Scores", mean: float, least: float) -> "Scores":
    import numpy as np

    error = drawn.std(axis=1, ddof=1) / math.sqrt(drawn.shape[1])
    studentised: Scores = (drawn.mean(axis=1) - mean) / np.maximum(error, least)
    return studentised
