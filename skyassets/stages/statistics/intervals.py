"""Intervals of means over items: of shares of right samples, and of numbers such as tokens.

Samples of one item are not independent of each other (Miller 2024, arXiv 2411.00640, 2.2): the item is what counts.
"""

import math
from typing import TYPE_CHECKING

from skyassets.stages.statistics.estimates import Estimate, normal_quantile, student_quantile, wilson

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
LEAST_ERROR = 0.25
"""Of a resample's mean, in parts of the sample's. Where one length is unlike all others, resamples without it have next
to no spread, and would stretch the interval without bounds; coverage does not suffer.
"""


def share_interval(scores: "Scores", samples: float) -> Estimate:
    """The mean of per-item scores in [0, 1], each the mean of about `samples` samples, with a 95% interval.

    Where every score is 0 or 1, Wilson's interval. Otherwise Wilson's inversion with the design effect D in it (Kish
    1965, Survey Sampling, 8.2): the m with (mean - m)^2 <= z^2 m (1 - m) D / n, D being the items' variance over that
    of as many single samples, m (1 - m).

    From `MANY` items on D is measured, with Student's quantile (Korn and Graubard 1998, Survey Methodology 24:193).
    Fewer have two ways to mislead, and each end is the outer one of two. Where nearly all items are alike, those that
    are not may be missing, and a D that is measured is too small; so would a bootstrap over items be too narrow. There
    the samples are read as beta-binomial (Williams 1975, Biometrics 31:949): D is r + (1 - r) / samples for an
    intraclass correlation of r, and for each m it is the mean over r, weighed by the likelihood of the scores and
    Beta(1/2, 1). But where most items are nearly always right and the others nearly never, no beta distribution has
    the items' shape, and its D is the one that is too small.
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

    Each end is the outer one of two. The studentised bootstrap over items with fixed dice (Efron and Tibshirani 1993,
    An Introduction to the Bootstrap, 12.5) follows the skew that lengths have, but of a long tail a few items show too
    little; Student's interval makes up for that on the other side. Below ten items it is Student's alone, for then too
    many resamples hold a single item again and again. No end is below nought where no number is.

    Where the tail is longer than the items tell, the mean may still lie above the interval more often than one says:
    of 30 log-normal lengths whose logarithms spread by 1, 7% of the time.
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
    found = [
        _studentised(values[dice.integers(0, n, (some, n))], mean, LEAST_ERROR * error)
        for some in [min(RESAMPLES - done, max(1, MOST_DRAWN // n)) for done in _starts(n)]
    ]
    lowest, highest = np.quantile(np.concatenate(found), (0.025, 0.975))
    low, high = max(mean - max(float(highest) * error, reach), least), mean + max(-float(lowest) * error, reach)
    method = f"wider of Student's and studentised bootstrap over items, {RESAMPLES:,} resamples, 95%"
    return Estimate(n, mean, low, high, method)


def _starts(n: int) -> range:
    return range(0, RESAMPLES, min(RESAMPLES, max(1, MOST_DRAWN // n)))


def _studentised(drawn: "Scores", mean: float, least: float) -> "Scores":
    import numpy as np

    error = drawn.std(axis=1, ddof=1) / math.sqrt(drawn.shape[1])
    studentised: Scores = (drawn.mean(axis=1) - mean) / np.maximum(error, least)
    return studentised
