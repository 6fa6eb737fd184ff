"""Drift: whether a score moved since the same model last answered the same items, and what else changed.

Two reports of one model differ by chance, because something in their manifests changed (engine, template, grader,
sampling), or because of something no manifest records (a hosted model that changed under the same name).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from skyassets.stages.evaluation.manifest import Scalar
from skyassets.stages.statistics.paired import difference

LEVEL = 0.05
"""The family-wise error rate: the chance that any comparison of a check reports chance as drift."""
METRICS = {"strict accuracy": "strict", "lenient accuracy": "lenient"}
"""The compared metrics, and the item-score column of each."""
STUDENT = "student"
EXPECTED = ("epoch", "evaluation.seed of the epoch", "data.benchmark_answers")
"""Names that differ between any two epochs."""
OF_STUDENT = ("checkpoint.", "data.checkpoint", "data.training set", "data.sft_dataset")
"""Prefixes of names that concern the student only."""
SUSPECTS = (
    ("engine", (".engine", ".flags", ".tensor parallel", ".torch", ".transformers", ".tokenizers", ".python")),
    ("template", (".chat template", ".tokenizer")),
    ("weights", (".weights revision", ".revision", ".weights dtype", ".dtype", ".model")),
    ("grader", ("graders.",)),
    ("sampling", ("benchmark.", "evaluation.")),
    ("hardware", (".gpu", ".cpu")),
    ("items", ("data.benchmark_problems",)),
)
"""Kind of change to the manifest names it covers, the likeliest cause of a moved score first.

An entry matches as a prefix, or as a suffix if it begins with a dot (names of a role).
"""
OTHER = "code"
ABSENT = "nothing"


@dataclass(frozen=True)
class Past:
    """An earlier report: its name in the history, its manifest, and its item scores.

    `items` is the output of `item_scores`: one row per benchmark, role and problem_id, with the score (0 to 1, null
    if unjudged) in the columns of `METRICS`.
    """

    name: str
    made_with: Mapping[str, Scalar]
    items: pl.DataFrame


@dataclass(frozen=True)
class Move:
    """How one score changed since the earlier report, on the items that both reports have."""

    benchmark: str
    role: str
    metric: str
    against: str
    """The name of the earlier report."""
    items: int
    before: float
    after: float
    p: float
    """Two-sided p-value, Holm-corrected for all comparisons of the check."""

    @property
    def points(self) -> float:
        """Percentage points gained (above 0) or lost."""
        return 100 * (self.after - self.before)

    @property
    def is_drift(self) -> bool:
        """Whether the score moved beyond noise."""
        return self.p < LEVEL


@dataclass(frozen=True)
class Change:
    """A manifest entry whose value changed."""

    name: str
    before: Scalar
    after: Scalar

    @property
    def kind(self) -> str:
        """The kind of change, in one word."""
        for fits in (_begins, _ends):
            for kind, marks in SUSPECTS:
                if any(fits(self.name, mark) for mark in marks):
                    return kind
        return OTHER

    def __str__(self) -> str:
        return f"{self.kind}: {self.name} {_shown(self.before)} -> {_shown(self.after)}"


@dataclass(frozen=True)
class Drift:
    """All comparisons of a report with earlier ones."""

    moves: tuple[Move, ...]
    changes: Mapping[str, tuple[Change, ...]]
    """Role to the changes since the report it is compared with."""

    @property
    def drifted(self) -> tuple[Move, ...]:
        """The scores that moved beyond noise."""
        return tuple(move for move in self.moves if move.is_drift)

    @property
    def changed(self) -> tuple[Change, ...]:
        """All changes of any role without repeats, the likeliest cause first."""
        return ranked({change: None for changes in self.changes.values() for change in changes})

    @property
    def together(self) -> tuple[str, ...]:
        """The benchmarks on which several roles drifted, all in the same direction."""
        found = []
        for benchmark in dict.fromkeys(move.benchmark for move in self.drifted):
            here = [move for move in self.drifted if move.benchmark == benchmark]
            if len({move.role for move in here}) > 1 and len({move.points > 0 for move in here}) == 1:
                found.append(benchmark)
        return tuple(found)


def drift(now: Past, before: Sequence[Past]) -> Drift:
    """Compare `now` with the latest of `before` (oldest first) in which the same model gave different answers.

    Scores are paired by item; items that only one report has are ignored. Each comparison is the paired test of
    `paired.difference`; all p-values are corrected by Holm's method (1979, Scand. J. Statist. 6:65).
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
    """The entries relevant to `role` that differ between two manifests, the likeliest cause of a moved score first.

    Entries that differ between any two epochs, and entries of other roles, are left out.
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
    """The roles that were measured."""
    return tuple(name.removesuffix(".engine") for name in made_with if name.endswith(".engine"))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values, corrected by Holm's step-down method (1979, Scand. J. Statist. 6:65)."""
    corrected = [1.0] * len(p_values)
    most = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        most = max(most, (len(p_values) - rank) * p_values[place])
        corrected[place] = min(1.0, most)
    return corrected


def _is_same(role: str, now: Mapping[str, Scalar], past: Mapping[str, Scalar]) -> bool:
    """Whether both reports measure the same model in `role` with different answers."""
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
