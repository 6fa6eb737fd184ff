"""Families of problems, made by seed, and how problems are drawn from them.

Train and held-out problems are told apart by a digest of the question, so the two can never share one, whatever the
seeds and counts.
"""

import random
from collections.abc import Iterator

from skyassets.core.errors import SourceError
from skyassets.core.identity import digest
from skyassets.core.sources import Generated
from skyassets.stages.problems.generated.easy import SMALL
from skyassets.stages.problems.generated.hard import HARDER
from skyassets.stages.problems.generated.rows import Family, Row

TRIES_A_PROBLEM = 400
"""Draws before a family is taken to have no further problem."""

FAMILIES: dict[str, Family] = {family.__name__: family for family in (*SMALL, *HARDER)}


def generate(origin: Generated) -> Iterator[Row]:
    """The problems of `origin`, each question once, named family-number.

    Raises:
        SourceError: for an unknown family, or one that has fewer problems than are wanted.
    """
    for family in origin.families:
        if family not in FAMILIES:
            raise SourceError(f"no family of problems is called {family!r}; there are {sorted(FAMILIES)}")
        dice = random.Random(f"{origin.seed}:{family}")
        made: set[str] = set()
        for _ in range(origin.per_family * TRIES_A_PROBLEM):
            if len(made) == origin.per_family:
                break
            row = FAMILIES[family](dice)
            question = str(row["question"])
            if question in made or is_held_out(question) != origin.held_out:
                continue
            made.add(question)
            yield {"name": f"{family}-{len(made):04d}", "family": family, **row}
        if len(made) < origin.per_family:
            side = "held-out" if origin.held_out else "train"
            raise SourceError(f"the family {family!r} has {len(made)} {side} problems, {origin.per_family} are wanted")


def is_held_out(question: str) -> bool:
    """Which side a generated question is on, for good: about two in five are held out."""
    return int(digest("held out", question)[:8], 16) % 5 < 2
