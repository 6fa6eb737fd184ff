"""Paired comparison on the same items: mean difference with an interval, an exact test, and counts of won and lost.

Deterministic: nothing is drawn at random.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from skyassets.stages.statistics.estimates import Estimate, sign_test, student_quantile, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

FINEST = 1_000_000
"""The most common units in the largest difference, if all differences are multiples of a common unit."""
LARGEST_SUM = 200_000
"""The largest sum of the integer differences for which the sign-flip test uses them unrounded."""
ROUNDED_SUM = 30_000
"""The approximate sum of the integer differences after rounding."""
FEWEST = 2
UNSEEN = 0.5
"""Distance of an assumed unseen score difference from the mean, as a fraction of the largest observed difference.

A fraction of 1 is too wide: with 30 and 100 items, coverage is 0.97.
"""


def difference(
    first: "Sequence[float] | Scores", second: "Sequence[float] | Scores", *, is_share: bool = True
) -> Estimate:
    """Second minus first on the same items, with a 95% interval and the p-value of `flipped`.

    The interval is that of `share_gaps_interval` for scores in [0, 1], and of `gaps_interval` for numbers of any size.

    Raises:
        ValueError: If the two have different lengths.
    """
    gaps = _gaps(first, second)
    n, won, lost = len(gaps), int((gaps > 0).sum()), int((gaps < 0).sum())
    mean = float(gaps.mean()) if n else None
    if n < FEWEST:
        return Estimate(n, mean, None, None, "too few paired items", won=won, lost=lost)
    low, high, method = share_gaps_interval(gaps) if is_share else gaps_interval(gaps)
    p, test = flipped(gaps)
    return Estimate(n, mean, low, high, f"{method}, {test}", p, won, lost)


def share_gaps_interval(gaps: "Scores") -> tuple[float, float, str]:
    """A 95% interval (low, high) for the mean of two or more paired differences in [-1, 1], and the method's name.

    If all nonzero differences have the same size, as with scores of 0 and 1, the mean difference is the mean won minus
    the mean lost: each gets Wilson's interval, and the two are combined by the method of variance estimates recovery
    with their correlation (Newcombe 1998, Statist. Med. 17:2635; Zou 2008, Statist. Med. 27:1693). If all differences
    are zero, the size is assumed to be 1, its maximum, because no difference on a few items does not prove that there
    is none. Otherwise `gaps_interval` is used with `UNSEEN`.
    """
    import numpy as np

    size = float(np.abs(gaps).max()) or 1.0
    if not bool(np.isin(gaps, (-size, 0.0, size)).all()):
        low, high, method = gaps_interval(gaps, UNSEEN)
        return max(-1.0, low), min(1.0, high), method
    n, won, lost = len(gaps), int((gaps > 0).sum()), int((gaps < 0).sum())
    low, high = _joined((won / n, *wilson(won, n)), (lost / n, *wilson(lost, n)), _correlation(won / n, lost / n))
    return size * low, size * high, "Wilson intervals of won and lost joined 95%"


def gaps_interval(gaps: "Scores", unseen: float = 0.0) -> tuple[float, float, str]:
    """A 95% interval (low, high) for the mean of two or more paired differences of any size, and the method's name.

    Student's interval of paired differences (Miller 2024, arXiv 2411.00640, 4.2). `unseen` adds two differences, that
    fraction of the largest one above and below the mean, because a small sample may miss rare large differences. The
    added pairs follow Bonett and Price (2012, J. Educ. Behav. Stat. 37:479), who place them at full size around zero
    for scores of 0 and 1. They are also added if all differences are equal, because the interval would otherwise have
    zero width; if all are zero, the largest is assumed to be 1.
    """
    import numpy as np

    n, mean = len(gaps), float(gaps.mean())
    part = unseen if float(np.ptp(gaps)) > 0 else UNSEEN
    added = 2 * (part * (float(np.abs(gaps).max()) or 1.0)) ** 2
    spread = math.sqrt((float(((gaps - mean) ** 2).sum()) + added) / (n - 1))
    reach = student_quantile(n - 1) * spread / math.sqrt(n)
    return mean - reach, mean + reach, f"paired Student{' with two unseen differences' * (part > 0)} 95%"


def flipped(gaps: "Scores") -> tuple[float, str]:
    """The two-sided p-value of the mean of paired differences under random sign flips, and the test's name.

    Fisher's permutation test of paired differences (Fisher 1935, The Design of Experiments, 21), over all sign flips
    rather than a random sample. For scores of 0 and 1 this is McNemar's exact test (McNemar 1947, Psychometrika
    12:153). Otherwise the differences are converted to integers, and the distribution of their sum is computed by
    convolution. If they have no common unit that is coarse enough, they are rounded symmetrically around zero, so the
    test is exact for slightly changed differences.
    """
    import numpy as np

    sizes = np.abs(gaps[gaps != 0])
    if len(sizes) == 0 or bool((sizes == sizes[0]).all()):
        p = sign_test(int((gaps > 0).sum()), int((gaps < 0).sum()))
        return p, "exact McNemar test" if len(sizes) == 0 or sizes[0] == 1 else "exact sign test"
    whole, is_rounded = _whole(sizes)
    observed = abs(int(whole @ np.sign(gaps[gaps != 0]).astype(np.int64)))
    total = int(whole.sum())
    # chance[s] is the probability that the positive ones sum to s. Adding the large ones last takes fewer operations.
    chance = np.ones(1)
    for size in np.sort(whole[whole > 0]).tolist():
        longer = np.zeros(len(chance) + size)
        longer[: len(chance)] = chance / 2
        longer[size:] += chance / 2
        chance = longer
    beyond = np.abs(2 * np.arange(total + 1) - total) >= observed
    return min(1.0, float(chance[beyond].sum())), f"exact sign-flip test{' of rounded differences' * is_rounded}"


def _whole(sizes: "Scores") -> tuple["NDArray[np.int64]", bool]:
    """The sizes as integers, and whether they were rounded."""
    import numpy as np

    common = _common_part(sizes)
    parts = np.round(sizes / (common or 1.0)).astype(np.int64)
    if common is not None and parts.sum() <= LARGEST_SUM:
        return parts, False
    return np.round(sizes * (ROUNDED_SUM / float(sizes.sum()))).astype(np.int64), True


def _common_part(sizes: "Scores") -> float | None:
    """The common unit of all sizes (shares of a few samples have one); None if there seems to be none."""
    import numpy as np

    part = 0.0
    for size in np.unique(sizes.round(12)).tolist():
        larger, smaller = max(part, size), min(part, size)
        while smaller > 1e-7 * larger and smaller > 1e-9:
            larger, smaller = smaller, larger % smaller
            # A remainder close to the divisor is zero up to rounding error.
            smaller = 0.0 if larger - smaller < 1e-9 else smaller
        part = larger
    return part if part > 1e-6 and part * FINEST > float(sizes.max()) else None


def _joined(
    better: tuple[float, float, float], worse: tuple[float, float, float], correlation: float
) -> tuple[float, float]:
    """The interval of the first mean minus the second; each is given with its own interval."""
    (b, b_low, b_high), (w, w_low, w_high) = better, worse
    below = (b - b_low) ** 2 - 2 * correlation * (b - b_low) * (w_high - w) + (w_high - w) ** 2
    above = (b_high - b) ** 2 - 2 * correlation * (b_high - b) * (w - w_low) + (w - w_low) ** 2
    return b - w - math.sqrt(below), b - w + math.sqrt(above)


def _correlation(won: float, lost: float) -> float:
    """Correlation between won and lost, from their shares; never positive, because no item is both."""
    spread = math.sqrt(won * (1 - won) * lost * (1 - lost))
    return -won * lost / spread if spread > 0 else 0.0


def _gaps(first: "Sequence[float] | Scores", second: "Sequence[float] | Scores") -> "Scores":
    import numpy as np

    before, after = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if before.shape != after.shape:
        raise ValueError(f"{len(before)} scores cannot be paired with {len(after)}: both must be of the same items")
    # Rounding makes equal fractions equal floats again.
    return np.round(after - before, 12)
