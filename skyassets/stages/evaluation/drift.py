"""Drift: whether a score moved since the same model last answered the same items, and what else changed.

Two reports of one model differ by chance, because something in their manifests changed (engine, template, grader,
sampling), or because of something no manifest records (a hosted model that changed under the same name).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

import polars as pl

from skyassets.stages.evaluation.manifest import Scalar
from skyassets.stages.statistics.multiple import holm
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
class PastReport:
    """An earlier report: its name in the history, its manifest, and its item scores.

    `items` is the output of `item_scores`: one row per benchmark, role and problem_id, with the score (0 to 1, null
    if unjudged) in the columns of `METRICS`.
    """

    name: str
    made_with: Mapping[str, Scalar]
    items: pl.DataFrame


@dataclass(frozen=True)
class ScoreChange:
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
class ManifestChange:
    """A manifest entry whose value changed."""

    name: str
    before: Scalar
    after: Scalar

    @property
    def kind(self) -> str:
        """The kind of change, in one word."""
        kinds = (kind for fits in (str.startswith, str.endswith) for kind, marks in SUSPECTS if fits(self.name, marks))
        return next(kinds, OTHER)

    def __str__(self) -> str:
        before, after = (ABSENT if value is None else value for value in (self.before, self.after))
        return f"{self.kind}: {self.name} {before} -> {after}"


@dataclass(frozen=True)
class Drift:
    """All comparisons of a report with earlier ones."""

    score_changes: tuple[ScoreChange, ...]
    manifest_changes: Mapping[str, tuple[ManifestChange, ...]]
    """Role to the changes since the report it is compared with."""

    @property
    def drifted(self) -> tuple[ScoreChange, ...]:
        """The scores that moved beyond noise."""
        return tuple(change for change in self.score_changes if change.is_drift)

    @property
    def likely_causes(self) -> tuple[ManifestChange, ...]:
        """All manifest changes of any role without repeats, the likeliest cause first."""
        return _ranked(chain.from_iterable(self.manifest_changes.values()))

    @property
    def together(self) -> tuple[str, ...]:
        """The benchmarks on which several roles drifted, all in the same direction."""
        benchmarks = []
        for benchmark in dict.fromkeys(change.benchmark for change in self.drifted):
            here = [change for change in self.drifted if change.benchmark == benchmark]
            if len({change.role for change in here}) > 1 and len({change.points > 0 for change in here}) == 1:
                benchmarks.append(benchmark)
        return tuple(benchmarks)


def drift(now: PastReport, before: Sequence[PastReport]) -> Drift:
    """Compare `now` with the latest of `before` (oldest first) in which the same model gave different answers.

    Scores are paired by item; items that only one report has are ignored. Each comparison is the paired test of
    `paired.difference`; all p-values are corrected by Holm's method (1979, Scand. J. Statist. 6:65).
    """
    score_changes: list[ScoreChange] = []
    changes: dict[str, tuple[ManifestChange, ...]] = {}
    for role in roles(now.made_with):
        past = next((past for past in reversed(before) if _is_same(role, now.made_with, past.made_with)), None)
        if past is None:
            continue
        changes[role] = manifest_changes(role, past.made_with, now.made_with)
        pairs = _of(now, role).join(_of(past, role), on=("benchmark", "problem_id"), suffix="_before")
        for (benchmark,), items in pairs.sort("benchmark", "problem_id").group_by("benchmark", maintain_order=True):
            for metric, column in METRICS.items():
                both = items.select(f"{column}_before", column).drop_nulls()
                earlier, later = both[f"{column}_before"].to_list(), both[column].to_list()
                p = difference(earlier, later).p_value
                if p is not None:
                    means = sum(earlier) / len(earlier), sum(later) / len(later)
                    score_changes.append(ScoreChange(str(benchmark), role, metric, past.name, len(later), *means, p))
    corrected = holm([change.p for change in score_changes])
    return Drift(tuple(replace(change, p=p) for change, p in zip(score_changes, corrected, strict=True)), changes)


def manifest_changes(
    role: str, before: Mapping[str, Scalar], after: Mapping[str, Scalar]
) -> tuple[ManifestChange, ...]:
    """The entries relevant to `role` that differ between two manifests, the likeliest cause of a moved score first.

    Entries that differ between any two epochs, and entries of other roles, are left out.
    """
    others = tuple(f"{other}." for other in (*roles(before), *roles(after)) if other != role)
    foreign = others if role == STUDENT else (*others, *OF_STUDENT)
    names = [name for name in (*after, *before) if name not in EXPECTED and not name.startswith(foreign)]
    return _ranked(
        ManifestChange(name, before.get(name), after.get(name)) for name in names if before.get(name) != after.get(name)
    )


def _ranked(changes: Iterable[ManifestChange]) -> tuple[ManifestChange, ...]:
    """The distinct changes in the order of `SUSPECTS`."""
    order = [*(kind for kind, _ in SUSPECTS), OTHER]
    return tuple(sorted(dict.fromkeys(changes), key=lambda change: (order.index(change.kind), change.name)))


def roles(made_with: Mapping[str, Scalar]) -> tuple[str, ...]:
    """The roles that were measured."""
    return tuple(name.removesuffix(".engine") for name in made_with if name.endswith(".engine"))


def _is_same(role: str, now: Mapping[str, Scalar], past: Mapping[str, Scalar]) -> bool:
    """Whether both reports measure the same model in `role` with different answers."""
    names = (f"{role}.model", "checkpoint.id") if role == STUDENT else (f"{role}.model", f"{role}.revision")
    is_other = now.get("data.benchmark_answers") != past.get("data.benchmark_answers")
    return is_other and all(now.get(name) == past.get(name) for name in names)


def _of(past: PastReport, role: str) -> pl.DataFrame:
    return past.items.filter(pl.col("role") == role).select("benchmark", "problem_id", *METRICS.values())
