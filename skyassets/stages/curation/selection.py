"""Curation rules that limit row counts: per problem, per source or domain, and per group of a mixture.

The selection depends on a seed and on each row's id, so adding or removing a row affects only rows at the limit.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from skyassets.core.errors import RecipeError
from skyassets.core.identity import digest
from skyassets.stages.curation.rules import CurationRow, RuleContext

CAPPED = ("domain", "source", "family", "licence")
"""The columns that caps and shares can use."""


class Order(StrEnum):
    """Which of a problem's correct rewrites come first."""

    SHORTEST = "shortest"
    LONGEST = "longest"
    FIRST = "first"
    """In sampling order."""


@dataclass(frozen=True)
class Chosen:
    """A fixed number of rewrites per problem: the shortest, the longest, or the first sampled."""

    identity_name: ClassVar[str] = "Chosen"
    name: ClassVar[str] = "not chosen"
    per_problem: int = 1
    order: Order = Order.SHORTEST

    def __post_init__(self) -> None:
        if self.per_problem < 1:
            raise RecipeError(f"Chosen has per_problem = {self.per_problem}; it must be 1 or more")

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """That enough other rewrites come before it."""
        evidence: list[str | None] = [None] * len(rows)
        counts: dict[object, int] = defaultdict(int)
        for index in sorted(range(len(rows)), key=lambda index: (self._rank(rows[index]), rows[index]["rewrite_id"])):
            problem = rows[index]["problem_id"]
            if counts[problem] == self.per_problem:
                evidence[index] = f"the {self.order.value} {self.per_problem} right of its problem were chosen"
            else:
                counts[problem] += 1
        return evidence

    def _rank(self, row: CurationRow) -> int:
        if self.order is Order.FIRST:
            return int(str(row["sample"]))
        return len(str(row["rewritten"])) * (1 if self.order is Order.SHORTEST else -1)


@dataclass(frozen=True)
class Group:
    """The rows whose `column` is one of `values`."""

    identity_name: ClassVar[str] = "Group"
    column: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.column not in CAPPED or not self.values:
            raise RecipeError(
                f"Group has the column {self.column} with the values {list(self.values)}; the column must be one of "
                f"{list(CAPPED)}, with at least one value"
            )

    def holds(self, row: CurationRow) -> bool:
        """Whether `row` belongs to the group."""
        return row[self.column] in self.values

    def __str__(self) -> str:
        return f"{self.column} {' and '.join(self.values)}"


@dataclass(frozen=True)
class Cap:
    """At most `rows` rows of a group or, if `of` is a column name, of each of its values."""

    identity_name: ClassVar[str] = "Cap"
    rows: int
    of: Group | str

    def __post_init__(self) -> None:
        if self.rows < 0 or (isinstance(self.of, str) and self.of not in CAPPED):
            raise RecipeError(
                f"Cap allows {self.rows} rows of {self.of!r}; it must be 0 or more, of a Group or one of {list(CAPPED)}"
            )

    def group(self, row: CurationRow) -> str | None:
        """The group that the row counts toward; None if there is none."""
        if isinstance(self.of, str):
            return f"{self.of} {row[self.of]}"
        return str(self.of) if self.of.holds(row) else None


@dataclass(frozen=True)
class WithinCaps:
    """No cap is exceeded. The rows to keep are chosen at random with the seed."""

    identity_name: ClassVar[str] = "WithinCaps"
    name: ClassVar[str] = "over a cap"
    caps: tuple[Cap, ...]
    seed: int = 0

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """The cap that is full."""
        evidence: list[str | None] = [None] * len(rows)
        counts: dict[tuple[int, str], int] = defaultdict(int)
        for index in _drawn(rows, self.seed):
            groups = [(number, group) for number, cap in enumerate(self.caps) if (group := cap.group(rows[index]))]
            full = next((each for each in groups if counts[each] >= self.caps[each[0]].rows), None)
            if full is not None:
                evidence[index] = f"{self.caps[full[0]].rows} rows of {full[1]} were drawn"
                continue
            for each in groups:
                counts[each] += 1
        return evidence


@dataclass(frozen=True)
class Share:
    """The share of a group in the mixture."""

    identity_name: ClassVar[str] = "Share"
    share: float
    of: Group


@dataclass(frozen=True)
class InMixture:
    """The largest set with the given shares, of at most `rows` rows, chosen at random with the seed.

    Shares add up to 1. A row in no group is dropped; a row in several groups belongs to the first.
    """

    identity_name: ClassVar[str] = "InMixture"
    name: ClassVar[str] = "not in the mixture"
    shares: tuple[Share, ...]
    rows: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if abs(sum(each.share for each in self.shares) - 1) > 1e-6 or any(each.share <= 0 for each in self.shares):
            shares = ", ".join(f"{each.of}: {each.share:g}" for each in self.shares)
            raise RecipeError(f"InMixture has the shares {shares or 'none'}; each must be above 0, and all add up to 1")

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """How many rows of its group were chosen."""
        evidence: list[str | None] = ["no share of the mixture is for it"] * len(rows)
        members: dict[Group, list[int]] = {each.of: [] for each in self.shares}
        for index in _drawn(rows, self.seed):
            group = next((each.of for each in self.shares if each.of.holds(rows[index])), None)
            if group is not None:
                members[group].append(index)
        # Rounds down with a tolerance: 30 rows at a share of 0.3 give a mixture of 100, not 99.
        total = min(int(len(members[each.of]) / each.share + 1e-6) for each in self.shares)
        total = total if self.rows is None else min(total, self.rows)
        for each in self.shares:
            room = int(each.share * total + 1e-6)
            full = f"{room} rows of {each.of} were drawn, {each.share:.1%} of {total}"
            for number, index in enumerate(members[each.of]):
                evidence[index] = None if number < room else full
        return evidence


def _drawn(rows: Sequence[CurationRow], seed: int) -> Iterable[int]:
    """The row positions in an order that depends only on the seed and each row's id."""
    return sorted(range(len(rows)), key=lambda index: digest("drawn", seed, rows[index]["rewrite_id"]))
