"""Several tests at once: corrected p-values, and how many tests would be significant by chance."""

import math
from collections.abc import Sequence

SIGNIFICANT = 0.05
LARGE = 500
"""Items from which on an exact test attains nearly every level."""


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values, corrected by Holm's step-down method (1979, Scand. J. Statist. 6:65)."""
    corrected = [1.0] * len(p_values)
    most = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        most = max(most, (len(p_values) - rank) * p_values[place])
        corrected[place] = min(1.0, most)
    return corrected


def attainable_level(differing: int, *, are_equal: bool, level: float = SIGNIFICANT) -> float:
    """The chance that an exact paired test is below `level` if nothing differs: at most `level`, for few items less.

    `differing` items have a difference. If all of these are of one size (`are_equal`, McNemar's test), the p-value is
    that of the sign test; otherwise it is at least a multiple of 2 / 2 ** `differing`.
    """
    if differing > LARGE:
        return level
    flips = 1 << differing
    if not are_equal:
        return 2 * math.floor(level * flips / 2) / flips
    below, tail = 0, 0
    for fewer in range((differing + 1) // 2):
        tail += math.comb(differing, fewer)
        if 2 * tail / flips >= level:
            break
        below = 2 * tail
    return below / flips
