"""Two on the same items: the mean difference with its interval, an exact test, and on how many items each was better.

Plain numbers in and out; nothing is drawn at random.
"""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from skyassets.stages.statistics.estimates import Estimate, sign_test, student_quantile, wilson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores = NDArray[np.float64]

FINEST = 1_000_000
"""Parts that the largest difference has at most, where all differences have a part in common."""
LARGEST_SUM = 200_000
"""Of the whole numbers whose signs are flipped, where that is exact."""
ROUNDED_SUM = 30_000
"""About what they sum to where they have to be rounded."""
FEWEST = 2
UNSEEN = 0.5
"""How far from the mean a difference of scores is supposed that was not seen, in parts of the largest that was.

A whole part is too wide: of 30 and 100 items it holds the truth in 0.97 of the cases.
"""


def difference(first: "Sequence[float] | Scores", second: "Sequence[float] | Scores") -> Estimate:
    """Second minus first on the same items, scores in [0, 1]: `share_gaps_interval`, and the test of `flipped`.

    Raises:
        ValueError: when the two are not of one length.
    """
    return _tested(_gaps(first, second), share_gaps_interval)


def mean_difference(first: "Sequence[float] | Scores", second: "Sequence[float] | Scores") -> Estimate:
    """Second minus first on the same items, numbers of any size: `gaps_interval`, and the test of `flipped`.

    Raises:
        ValueError: when the two are not of one length.
    """
    return _tested(_gaps(first, second), gaps_interval)


def share_gaps_interval(gaps: "Scores") -> tuple[float, float, str]:
    """Both ends of a 95% interval for the mean of two or more paired differences in [-1, 1], and the method's name.

    Where all differences that are not nought are of one size, as with scores of 0 and 1, the mean difference is the
    mean of what was won minus the mean of what was lost: each has Wilson's interval, and the two are joined by the
    method of variance estimates recovery with their correlation (Newcombe 1998, Statist. Med. 17:2635; Zou 2008,
    Statist. Med. 27:1693). Where none differs, the size is taken for 1, the most that it can be: that nothing differed
    on a few items does not mean that nothing does. Otherwise it is `gaps_interval` with `UNSEEN`.
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
    """Both ends of a 95% interval for the mean of two or more paired differences of any size, and the method's name.

    Student's interval of paired differences (Miller 2024, arXiv 2411.00640, 4.2). With `unseen`, as though there had
    been two more, that part of the largest above and below the mean: where few items differ much, a few items show too
    few of them, or none. Such pairs are Bonett and Price's (2012, J. Educ. Behav. Stat. 37:479), who put them a whole
    size from nought for scores of 0 and 1. They are supposed too where all differences are alike, or the interval
    would have no width; where all are nought, the largest is taken for 1.
    """
    import numpy as np

    n, mean = len(gaps), float(gaps.mean())
    part = unseen if float(np.ptp(gaps)) > 0 else UNSEEN
    added = 2 * (part * (float(np.abs(gaps).max()) or 1.0)) ** 2
    spread = math.sqrt((float(((gaps - mean) ** 2).sum()) + added) / (n - 1))
    reach = student_quantile(n - 1) * spread / math.sqrt(n)
    return mean - reach, mean + reach, f"paired Student{' with two unseen differences' * (part > 0)} 95%"


def _tested(gaps: "Scores", interval: "Callable[[Scores], tuple[float, float, str]]") -> Estimate:
    n, won, lost = len(gaps), int((gaps > 0).sum()), int((gaps < 0).sum())
    mean = float(gaps.mean()) if n else None
    if n < FEWEST:
        return Estimate(n, mean, None, None, "too few paired items", won=won, lost=lost)
    low, high, method = interval(gaps)
    p, test = flipped(gaps)
    return Estimate(n, mean, low, high, f"{method}, {test}", p, won, lost)


def flipped(gaps: "Scores") -> tuple[float, str]:
    """The two-sided p of the mean of paired differences, were each as likely with the other sign; and the test's name.

    Fisher's permutation test of paired differences (Fisher 1935, The Design of Experiments, 21), over all sign flips
    and not over some drawn at random. For scores of 0 and 1 that is McNemar's exact test (McNemar 1947, Psychometrika
    12:153). Otherwise the differences become whole numbers, whose sums' distribution is built up one by one. Where they
    have no common part that is coarse enough, they are rounded, to both sides of nought alike, so that the test remains
    exact, for numbers that differ a little from those that were seen.
    """
    import numpy as np

    sizes = np.abs(gaps[gaps != 0])
    if len(sizes) == 0 or bool((sizes == sizes[0]).all()):
        p = sign_test(int((gaps > 0).sum()), int((gaps < 0).sum()))
        return p, "exact McNemar test" if len(sizes) == 0 or sizes[0] == 1 else "exact sign test"
    whole, is_rounded = _whole(sizes)
    seen = abs(int(whole @ np.sign(gaps[gaps != 0]).astype(np.int64)))
    total = int(whole.sum())
    # chance[s]: that those with a plus sum to s. Fewer operations when the large ones come last.
    chance = np.ones(1)
    for size in np.sort(whole[whole > 0]).tolist():
        longer = np.zeros(len(chance) + size)
        longer[: len(chance)] = chance / 2
        longer[size:] += chance / 2
        chance = longer
    beyond = np.abs(2 * np.arange(total + 1) - total) >= seen
    return min(1.0, float(chance[beyond].sum())), f"exact sign-flip test{' of rounded differences' * is_rounded}"


def _whole(sizes: "Scores") -> tuple["NDArray[np.int64]", bool]:
    """The sizes in whole numbers, and whether they had to be rounded for it."""
    import numpy as np

    common = _common_part(sizes)
    parts = np.round(sizes / (common or 1.0)).astype(np.int64)
    if common is not None and parts.sum() <= LARGEST_SUM:
        return parts, False
    return np.round(sizes * (ROUNDED_SUM / float(sizes.sum()))).astype(np.int64), True


def _common_part(sizes: "Scores") -> float | None:
    """The number that all sizes are multiples of, as shares of a few samples are; None where there seems to be none."""
    import numpy as np

    part = 0.0
    for size in np.unique(sizes.round(12)).tolist():
        larger, smaller = max(part, size), min(part, size)
        while smaller > 1e-7 * larger and smaller > 1e-9:
            larger, smaller = smaller, larger % smaller
            # A remainder that is nearly the divisor is a rounding error away from none.
            smaller = 0.0 if larger - smaller < 1e-9 else smaller
        part = larger
    return part if part > 1e-6 and part * FINEST > float(sizes.max()) else None


def _joined(
    better: tuple[float, float, float], worse: tuple[float, float, float], correlation: float
) -> tuple[float, float]:
    """The interval of the first mean minus the second; each comes with the ends of its own."""
    (b, b_low, b_high), (w, w_low, w_high) = better, worse
    below = (b - b_low) ** 2 - 2 * correlation * (b - b_low) * (w_high - w) + (w_high - w) ** 2
    above = (b_high - b) ** 2 - 2 * correlation * (b_high - b) * (w - w_low) + (w - w_low) ** 2
    return b - w - math.sqrt(below), b - w + math.sqrt(above)


def _correlation(won: float, lost: float) -> float:
    """Of an item's being won with its being lost, by their shares: never above nought, for no item is both."""
    spread = math.sqrt(won * (1 - won) * lost * (1 - lost))
    return -won * lost / spread if spread > 0 else 0.0


def _gaps(first: "Sequence[float] | Scores", second: "Sequence[float] | Scores") -> "Scores":
    import numpy as np

    before, after = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if before.shape != after.shape:
        raise ValueError(f"{len(before)} scores cannot be paired with {len(after)}; give the same items of both")
    # Shares of a few samples differ by what rounding makes of equal fractions.
    return np.round(after - before, 12)
