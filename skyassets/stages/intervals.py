"""Intervals of means over items: of shares of right samples, and of numbers such as tokens.

Samples of one item are not independent of each other (Miller 2024, arXiv 2411.00640, 2.2): the item is what counts.
"""

import math
from typing import TYPE_CHECKING

from skyassets.stages.statistics import Estimate, normal_quantile, student_quantile, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

MANY = 300
"""From so many items on, their spread is measured well enough to be used as it is."""
CORRELATIONS = 20
"""Points at which the intraclass correlation is weighed."""
ROUNDS = 60
CLOSE = 1e-9
RESAMPLES = 1000
MOST_DRAWN = 4_000_000
"""Items drawn at once by the bootstrap."""
SEED = 20107


def share_interval(scores: "Scores", samples: float) -> Estimate:
    """The mean of per-item scores in [0, 1], each the mean of about `samples` samples, with a 95% interval.

    Where every score is 0 or 1, Wilson's interval. Otherwise Wilson's inversion with the design effect D in it (Kish
    1965, Survey Sampling, 8.2): the m with (mean - m)^2 <= z^2 m (1 - m) D / n, D being the items' variance over that
    of as many single samples, m (1 - m).

    From `MANY` items on D is measured, with Student's quantile (Korn and Graubard 1998, Survey Methodology 24:193).
    For fewer it would be taken for too small whenever nearly all items are alike, which is where a bootstrap over
    items covers too seldom too. There the samples are read as beta-binomial (Williams 1975, Biometrics 31:949), D is
    r + (1 - r) / samples for an intraclass correlation of r, and for each m it is the mean over r, weighed by the
    likelihood of the scores and Beta(1/2, 1).
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
    if n >= MANY:
        wider = (student_quantile(n - 1) / normal_quantile()) ** 2
        effect = float(scores.var(ddof=1)) / (mean * (1 - mean)) * wider
        low, high = _inverted(mean, n, effect, effect)
        return Estimate(n, mean, low, high, "Wilson with the items' measured design effect 95%")
    low, high = _beta_binomial(np.asarray(scores), max(samples, 1.0), mean)
    return Estimate(n, mean, low, high, "Wilson with a beta-binomial design effect 95%")


def _inverted(mean: float, n: int, low_effect: float, high_effect: float) -> tuple[float, float]:
    """Wilson's ends, each with a design effect of its own. Never so small that an end would be the mean itself."""
    below, above = (n / max(effect, 1e-12) for effect in (low_effect, high_effect))
    return wilson(mean * below, below)[0], wilson(mean * above, above)[1]


def _beta_binomial(scores: "Scores", samples: float, mean: float) -> tuple[float, float]:
    """Both ends: from the mean outwards, until the design effect that an end calls for is the one it was found with.

    The effect grows with the distance, so the way goes outwards only, and stops at the first such place.
    """
    import numpy as np
    from scipy.special import gammaln

    values, counts = np.unique(scores, return_counts=True)
    right = values * samples
    # Midpoints of the square root: uniform there is Beta(1/2, 1), and small correlations are told apart.
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
    """The mean of numbers of any size, one an item, with a 95% interval.

    By the studentised bootstrap over items with fixed dice (Efron and Tibshirani 1993, An Introduction to the
    Bootstrap, 12.5), which follows the skew that lengths have. Below ten items Student's interval, for then too many
    resamples hold a single item again and again.
    """
    import numpy as np

    n = len(values)
    if n == 0:
        return Estimate(0, None, None, None, "nothing to count")
    mean, spread = float(values.mean()), float(values.std(ddof=1)) if n > 1 else 0.0
    if n == 1:
        return Estimate(1, mean, None, None, "one item")
    error = spread / math.sqrt(n)
    if spread == 0 or n < 10:
        reach = student_quantile(n - 1) * error
        return Estimate(n, mean, mean - reach, mean + reach, "Student over items 95%")
    dice = np.random.default_rng((SEED, n))
    found = [
        _studentised(values[dice.integers(0, n, (some, n))], mean)
        for some in [min(RESAMPLES - done, max(1, MOST_DRAWN // n)) for done in _starts(n)]
    ]
    lowest, highest = np.quantile(np.concatenate(found), (0.025, 0.975))
    method = f"studentised bootstrap over items, {RESAMPLES:,} resamples, 95%"
    return Estimate(n, mean, mean - float(highest) * error, mean - float(lowest) * error, method)


def _starts(n: int) -> range:
    return range(0, RESAMPLES, min(RESAMPLES, max(1, MOST_DRAWN // n)))


def _studentised(drawn: "Scores", mean: float) -> "Scores":
    import numpy as np

    error = drawn.std(axis=1, ddof=1) / math.sqrt(drawn.shape[1])
    studentised: Scores = (drawn.mean(axis=1) - mean) / np.maximum(error, 1e-12 * max(abs(mean), 1.0))
    return studentised
