"""Paired comparison on the same items: mean difference with an interval, an exact test, and counts of won and lost.

Deterministic: nothing is drawn at random.
"""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from skyassets.stages.statistics.estimates import Estimate, sign_test, student_quantile, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

LARGEST_DENOMINATOR = 20_000
"""The largest denominator of a difference that is taken for a fraction: 16 samples have 1,820 values of pass@4."""
MOST_STEPS = 1_000_000_000
"""Additions that a sign-flip test may take: the number of differences times the sum of their sizes."""
LARGEST_SUM, ROUNDED_SUM = 2_000_000, 100_000
"""The largest sums of the sizes: of integers, and of differences that are rounded to integers."""
MOST_LISTED = 16
"""The most differences whose sign flips are listed one by one, if they are no integers."""
TIE = 1e-9
"""Sums that differ by less are equal: the differences come from floating-point numbers."""
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
    12:153). Differences that are fractions, as shares of samples and pass@k are, become integers, and the distribution
    of their sum is computed by convolution. Up to `MOST_LISTED` other differences are flipped one by one. More of them
    are rounded symmetrically around zero first, which the test's name says.
    """
    import numpy as np

    sizes = np.abs(gaps[gaps != 0])
    if len(sizes) == 0 or bool((sizes == sizes[0]).all()):
        p = sign_test(int((gaps > 0).sum()), int((gaps < 0).sum()))
        return p, "exact McNemar test" if len(sizes) == 0 or sizes[0] == 1 else "exact sign test"
    signs = np.sign(gaps[gaps != 0])
    whole = _as_integers(sizes)
    if whole is not None:
        return _by_convolution(whole, abs(float(whole @ signs))), "exact sign-flip test"
    if len(sizes) <= MOST_LISTED:
        return _by_listing(sizes, abs(float(sizes @ signs))), "exact sign-flip test"
    unit = float(sizes.sum()) / min(ROUNDED_SUM, MOST_STEPS // len(sizes))
    rounded = np.round(sizes / unit).astype(np.int64)
    # The observed sum is not rounded: rounding all others moves each by about half a unit for the root of their number.
    observed = abs(float(sizes @ signs)) / unit
    return _by_convolution(rounded, observed - 0.5), "sign-flip test of rounded differences"


def _by_convolution(whole: "NDArray[np.int64]", observed: float) -> float:
    """The probability that integers of these sizes with random signs sum to `observed` or more, up to the sign."""
    import numpy as np

    total = int(whole.sum())
    # chance[s] is the probability that the positive ones sum to s. Adding the large ones last takes fewer operations.
    chance = np.ones(1)
    for size in np.sort(whole[whole > 0]).tolist():
        longer = np.zeros(len(chance) + size)
        longer[: len(chance)] = chance / 2
        longer[size:] += chance / 2
        chance = longer
    beyond = np.abs(2 * np.arange(total + 1) - total) >= observed
    return min(1.0, float(chance[beyond].sum()))


def _by_listing(sizes: "Scores", observed: float) -> float:
    """As `_by_convolution`, for numbers of any kind, from the sums of all sign flips."""
    import numpy as np

    sums = np.zeros(1)
    for size in sizes.tolist():
        sums = np.concatenate((sums + size, sums - size))
    return float((np.abs(sums) >= observed - TIE * float(sizes.sum())).mean())


def _as_integers(sizes: "Scores") -> "NDArray[np.int64] | None":
    """The sizes in their common unit; None if they are no fractions with one that is coarse enough."""
    import numpy as np

    fractions = [Fraction(size).limit_denominator(LARGEST_DENOMINATOR) for size in sizes.tolist()]
    if any(abs(float(fraction) - size) > 1e-10 for fraction, size in zip(fractions, sizes.tolist(), strict=True)):
        return None
    parts, whole = zip(*((each.numerator, each.denominator) for each in fractions), strict=True)
    unit = Fraction(math.gcd(*parts), math.lcm(*whole))
    counts = [int(each / unit) for each in fractions]
    return np.asarray(counts, np.int64) if sum(counts) <= min(LARGEST_SUM, MOST_STEPS // len(counts)) else None


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
