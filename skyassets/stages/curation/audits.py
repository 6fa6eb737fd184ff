"""Audits: summary numbers that are logged whenever a table is built or reused. They only warn; gates stop a run.

Errors that only a bug can cause (a repeated key, a wrong type) are rejected before a table is published.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS, VERDICTS
from skyassets.stages.curation.gates import CheckResult, Numbers
from skyassets.stages.sampling import unanswered

SET_ASIDE = 0.1
"""Largest share of unusable problems before the audit warns."""
UNJUDGED = 0.05
"""Largest share of unjudged texts before the audit warns."""


@dataclass(frozen=True)
class Audit:
    """A check of some columns of a table."""

    name: str
    description: str
    columns: tuple[str, ...]
    look: Callable[[pl.DataFrame], tuple[bool, Numbers]]

    def __call__(self, rows: pl.DataFrame) -> CheckResult:
        """Run the audit on `rows`."""
        return CheckResult(self.name, *self.look(rows))


def usable(rows: pl.DataFrame) -> tuple[bool, Numbers]:
    """Whether most problems are usable."""
    aside = rows["set_aside"].drop_nulls()
    share = aside.len() / max(rows.height, 1)
    numbers: Numbers = {"problems": rows.height, "set aside": aside.len(), "share set aside": round(share, 4)}
    return aside.len() < rows.height and share <= SET_ASIDE, numbers | _commonest(aside)


def few_unjudged_texts(rows: pl.DataFrame) -> tuple[bool, Numbers]:
    """Whether most texts were judged."""
    return _few_unjudged(rows, "verdict", "reason")


def few_unjudged_answers(rows: pl.DataFrame) -> tuple[bool, Numbers]:
    """Whether most answers were judged, in any form."""
    passed, numbers = _few_unjudged(rows, "lenient", "lenient_reason")
    return passed, {
        **numbers,
        "cut by the token limit": int((rows["finish_reason"] == "length").sum()),
        "without an answer": int(rows["error"].is_not_null().sum()),
    }


def every_model_answered(rows: pl.DataFrame) -> tuple[bool, Numbers]:
    """Whether every evaluated model has an answer; the numbers name each one without, and the reason."""
    reasons = unanswered.unanswered(rows)
    numbers: Numbers = {"models": rows["role"].n_unique(), "without an answer": len(reasons)}
    return not reasons, numbers | {f"why {role} has none": reason for role, reason in reasons.items()}


def explained(rows: pl.DataFrame) -> tuple[bool, Numbers]:
    """Whether every row is either an example or states its drop reason and the evidence."""
    is_kept = pl.col("dropped_by").is_null()
    counts = rows.select(
        (is_kept & pl.col("example_tokens").is_not_null()).sum().alias("kept"),
        (~is_kept & pl.col("evidence").is_not_null()).sum().alias("dropped with a reason"),
    ).row(0, named=True)
    numbers: Numbers = {"rows": rows.height, **{name: int(count) for name, count in counts.items()}}
    unexplained = rows.height - sum(counts.values())
    return unexplained == 0, {**numbers, "unexplained": unexplained, **_commonest(rows["dropped_by"].drop_nulls())}


ON_PROBLEMS = Audit("problems_are_usable", "At most a tenth of the problems is set aside.", ("set_aside",), usable)

AUDITS: dict[str, tuple[Audit, ...]] = {
    PROBLEMS.name: (ON_PROBLEMS,),
    BENCHMARK_PROBLEMS.name: (ON_PROBLEMS,),
    VERDICTS.name: (
        Audit(
            "few_are_unjudged",
            "At most a twentieth of the texts could not be judged.",
            ("verdict", "reason"),
            few_unjudged_texts,
        ),
    ),
    EXAMPLES.name: (
        Audit(
            "every_row_is_explained",
            "Each rewrite is kept as an example, or says why it was dropped.",
            ("dropped_by", "evidence", "example_tokens"),
            explained,
        ),
    ),
    ANSWERS.name: (
        Audit(
            "few_are_unjudged",
            "At most a twentieth of the answers could not be judged.",
            ("lenient", "lenient_reason", "finish_reason", "error"),
            few_unjudged_answers,
        ),
        Audit("every_model_answered", "Every evaluated model has an answer.", unanswered.COLUMNS, every_model_answered),
    ),
}
"""Asset name to its audits."""


def _few_unjudged(rows: pl.DataFrame, verdict: str, reason: str) -> tuple[bool, Numbers]:
    counts = dict(rows[verdict].value_counts().iter_rows())
    unjudged = rows.filter(pl.col(verdict) == "unjudged")[reason].drop_nulls()
    share = counts.get("unjudged", 0) / max(rows.height, 1)
    numbers: Numbers = {name: int(counts.get(name, 0)) for name in ("correct", "wrong", "unjudged")}
    return share <= UNJUDGED, {**numbers, "share unjudged": round(share, 4), **_commonest(unjudged)}


def _commonest(reasons: pl.Series) -> Numbers:
    """The most common reason."""
    if reasons.is_empty():
        return {}
    reason, count = reasons.value_counts(sort=True).row(0)
    return {"most often": f"{reason} ({count} times)"}
