"""Drift: whether a score moved since the last time the same model was asked the same items, and what else had changed.

Two reports of one model differ by luck alone, or because something moved that is in their manifests (engine, template,
grader, sampling), or in none of them (a hosted model behind its old name).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from skyassets.stages.evaluation.manifest import Scalar
from skyassets.stages.statistics.paired import difference

LEVEL = 0.05
"""Of a family-wise error: the chance that any of a check's comparisons calls luck a drift."""
METRICS = {"strict accuracy": "strict", "lenient accuracy": "lenient"}
"""What is compared, and the items' column it comes from."""
STUDENT = "student"
EXPECTED = ("epoch", "evaluation.seed of the epoch", "data.benchmark_answers")
"""What differs between any two epochs."""
OF_STUDENT = ("checkpoint.", "data.checkpoint", "data.training set", "data.sft_dataset")
"""What concerns nobody but the student."""
SUSPECTS = (
    ("engine", (".engine", ".flags", ".tensor parallel", ".torch", ".transformers", ".tokenizers", ".python")),
    ("template", (".chat template", ".tokenizer")),
    ("weights", (".weights revision", ".revision", ".weights dtype", ".dtype", ".model")),
    ("grader", ("graders.",)),
    ("sampling", ("benchmark.", "evaluation.")),
    ("hardware", (".gpu", ".cpu")),
    ("items", ("data.benchmark_problems",)),
)
"""What a changed name is called in one word, the likeliest cause of a moved score first.

By how the name begins, or, where the mark begins with a dot (it is about a role), by how it ends.
"""
OTHER = "code"
ABSENT = "nothing"


@dataclass(frozen=True)
class Past:
    """A report as it was kept: its name in the history, its manifest, and its item scores.

    `items` is what `item_scores` makes: one row per benchmark, role and problem_id, with the score (0 to 1, null where
    nobody could judge) in the columns of `METRICS`.
    """

    name: str
    made_with: Mapping[str, Scalar]
    items: pl.DataFrame


@dataclass(frozen=True)
class Move:
    """How one score compares with the last time, on the items that both reports have."""

    benchmark: str
    role: str
    metric: str
    against: str
    """The name of the earlier report."""
    items: int
    before: float
    after: float
    p: float
    """Two-sided; after Holm's correction for all comparisons of the check."""

    @property
    def points(self) -> float:
        """Percentage points gained (above 0) or lost."""
        return 100 * (self.after - self.before)

    @property
    def is_drift(self) -> bool:
        """Whether it moved beyond noise."""
        return self.p < LEVEL


@dataclass(frozen=True)
class Change:
    """A name of the manifest that says something else now."""

    name: str
    before: Scalar
    after: Scalar

    @property
    def kind(self) -> str:
        """What it is, in one word."""
        for fits in (_begins, _ends):
            for kind, marks in SUSPECTS:
                if any(fits(self.name, mark) for mark in marks):
                    return kind
        return OTHER

    def __str__(self) -> str:
        return f"{self.kind}: {self.name} {_shown(self.before)} -> {_shown(self.after)}"


@dataclass(frozen=True)
class Drift:
    """All comparisons of a report with the ones before it."""

    moves: tuple[Move, ...]
    changes: Mapping[str, tuple[Change, ...]]
    """Role to what changed for it since the report it is compared with."""

    @property
    def drifted(self) -> tuple[Move, ...]:
        """The scores that moved beyond noise."""
        return tuple(move for move in self.moves if move.is_drift)

    @property
    def changed(self) -> tuple[Change, ...]:
        """What changed for anybody, each once, the likeliest cause first."""
        return ranked({change: None for changes in self.changes.values() for change in changes})

    @property
    def together(self) -> tuple[str, ...]:
        """The benchmarks on which several drifted, and all the same way."""
        found = []
        for benchmark in dict.fromkeys(move.benchmark for move in self.drifted):
            here = [move for move in self.drifted if move.benchmark == benchmark]
            if len({move.role for move in here}) > 1 and len({move.points > 0 for move in here}) == 1:
                found.append(benchmark)
        return tuple(found)


def drift(now: Past, before: Sequence[Past]) -> Drift:
    """`now` held against the latest of `before` (oldest first) in which the same model gave other answers.

    The scores are paired by item: an item that only one of the two has tells nothing. Each comparison is the paired
    test of `paired.difference`; the p-values of all of them are corrected by Holm (1979, Scand. J. Statist. 6:65).
    """
    found: list[tuple[str, str, str, str, int, float, float, float]] = []
    changes: dict[str, tuple[Change, ...]] = {}
    for role in roles(now.made_with):
        past = next((past for past in reversed(before) if _is_same(role, now.made_with, past.made_with)), None)
        if past is None:
            continue
        changes[role] = changed(role, past.made_with, now.made_with)
        pairs = _of(now, role).join(_of(past, role), on=("benchmark", "problem_id"), suffix="_before")
        for (benchmark,), items in pairs.sort("benchmark", "problem_id").group_by("benchmark", maintain_order=True):
            for metric, column in METRICS.items():
                both = items.select(f"{column}_before", column).drop_nulls()
                earlier, later = both[f"{column}_before"].to_list(), both[column].to_list()
                told = difference(earlier, later)
                if told.p_value is not None:
                    means = sum(earlier) / len(earlier), sum(later) / len(later)
                    found.append((str(benchmark), role, metric, past.name, len(later), *means, told.p_value))
    corrected = holm([each[-1] for each in found])
    return Drift(tuple(Move(*each[:-1], p) for each, p in zip(found, corrected, strict=True)), changes)


def changed(role: str, before: Mapping[str, Scalar], after: Mapping[str, Scalar]) -> tuple[Change, ...]:
    """What two manifests say differently of what concerns `role`, the likeliest cause of a moved score first.

    What differs between any two epochs is left out, and so is what concerns another role alone.
    """
    others = tuple(f"{other}." for other in (*roles(before), *roles(after)) if other != role)
    foreign = others if role == STUDENT else (*others, *OF_STUDENT)
    names = [name for name in (*after, *before) if name not in EXPECTED and not name.startswith(foreign)]
    return ranked(
        {Change(name, before.get(name), after.get(name)): None for name in names if before.get(name) != after.get(name)}
    )


def ranked(changes: Mapping[Change, None]) -> tuple[Change, ...]:
    """The changes in the order of `SUSPECTS`."""
    order = [*(kind for kind, _ in SUSPECTS), OTHER]
    return tuple(sorted(changes, key=lambda change: (order.index(change.kind), change.name)))


def roles(made_with: Mapping[str, Scalar]) -> tuple[str, ...]:
    """Who was measured."""
    return tuple(name.removesuffix(".engine") for name in made_with if name.endswith(".engine"))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values, corrected for their number by Holm's step-down method (1979, Scand. J. Statist. 6:65)."""
    corrected = [1.0] * len(p_values)
    most = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        most = max(most, (len(p_values) - rank) * p_values[place])
        corrected[place] = min(1.0, most)
    return corrected


def _is_same(role: str, now: Mapping[str, Scalar], past: Mapping[str, Scalar]) -> bool:
    """Whether both reports measure the same model in `role`, by different answers."""
    names = (f"{role}.model", "checkpoint.id") if role == STUDENT else (f"{role}.model", f"{role}.revision")
    is_other = now.get("data.benchmark_answers") != past.get("data.benchmark_answers")
    return is_other and all(now.get(name) == past.get(name) for name in names)


def _of(past: Past, role: str) -> pl.DataFrame:
    return past.items.filter(pl.col("role") == role).select("benchmark", "problem_id", *METRICS.values())


def _begins(name: str, mark: str) -> bool:
    return not mark.startswith(".") and name.startswith(mark)


def _ends(name: str, mark: str) -> bool:
    return mark.startswith(".") and name.endswith(mark)


def _shown(value: Scalar) -> str:
    return ABSENT if value is None else str(value)
