"""Audits: what a table has to say of itself in numbers each time it is made or reused. They stop nothing: gates do.

What can only be wrong by a mistake of ours (a repeated key, a type) is refused before a table is published.
"""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS, VERDICTS
from skyassets.stages.curation.gates import Finding, Numbers

SET_ASIDE = 0.1
"""Share of the problems at most that may be unusable before the audit warns."""
UNJUDGED = 0.05
"""Share of the judged texts at most on which nobody could tell."""


@dataclass(frozen=True)
class Audit:
    """A look at some columns of a table."""

    name: str
    description: str
    columns: tuple[str, ...]
    look: Callable[[pl.DataFrame], tuple[bool, Numbers]]

    def __call__(self, rows: pl.DataFrame) -> Finding:
        """What the audit finds in `rows`."""
        return Finding(self.name, *self.look(rows))


def usable(rows: pl.DataFrame) -> tuple[bool, Numbers]:
    """Most problems can be used."""
    aside = rows["set_aside"].drop_nulls()
    share = aside.len() / max(rows.height, 1)
    numbers: Numbers = {"problems": rows.height, "set aside": aside.len(), "share set aside": round(share, 4)}
    return aside.len() < rows.height and share <= SET_ASIDE, numbers | _commonest(aside)


def verdicts_told(rows: pl.DataFrame) -> tuple[bool, Numbers]:
    """Most texts could be judged."""
    return _told(rows, "verdict", "reason")


def answers_told(rows: pl.DataFrame) -> tuple[bool, Numbers]:
    """Most answers could be judged, whatever their form."""
    kept, numbers = _told(rows, "lenient", "lenient_reason")
    ended = rows["finish_reason"]
    return kept, {
        **numbers,
        "cut by the token limit": int((ended == "length").sum()),
        "without an answer": int(rows["error"].is_not_null().sum()),
    }


def explained(rows: pl.DataFrame) -> tuple[bool, Numbers]:
    """Every row is an example, or says which rule dropped it and what the rule saw."""
    is_kept = pl.col("dropped_by").is_null()
    found = rows.select(
        (is_kept & pl.col("example_tokens").is_not_null()).sum().alias("kept"),
        (~is_kept & pl.col("evidence").is_not_null()).sum().alias("dropped with a reason"),
    ).row(0, named=True)
    numbers: Numbers = {"rows": rows.height, **{name: int(count) for name, count in found.items()}}
    unexplained = rows.height - sum(found.values())
    return unexplained == 0, {**numbers, "unexplained": unexplained, **_commonest(rows["dropped_by"].drop_nulls())}


ON_PROBLEMS = Audit("problems_are_usable", "At most a tenth of the problems is set aside.", ("set_aside",), usable)

AUDITS: dict[str, Audit] = {
    PROBLEMS.name: ON_PROBLEMS,
    BENCHMARK_PROBLEMS.name: ON_PROBLEMS,
    VERDICTS.name: Audit(
        "few_are_unjudged",
        "At most a twentieth of the texts could not be judged.",
        ("verdict", "reason"),
        verdicts_told,
    ),
    EXAMPLES.name: Audit(
        "every_row_is_explained",
        "Each rewrite is kept as an example, or says why it was dropped.",
        ("dropped_by", "evidence", "example_tokens"),
        explained,
    ),
    ANSWERS.name: Audit(
        "few_are_unjudged",
        "At most a twentieth of the answers could not be judged.",
        ("lenient", "lenient_reason", "finish_reason", "error"),
        answers_told,
    ),
}
"""Asset to its audit."""


def _told(rows: pl.DataFrame, verdict: str, reason: str) -> tuple[bool, Numbers]:
    counts = dict(rows[verdict].value_counts().iter_rows())
    unjudged = rows.filter(pl.col(verdict) == "unjudged")[reason].drop_nulls()
    share = counts.get("unjudged", 0) / max(rows.height, 1)
    numbers: Numbers = {name: int(counts.get(name, 0)) for name in ("correct", "wrong", "unjudged")}
    return share <= UNJUDGED, {**numbers, "share unjudged": round(share, 4), **_commonest(unjudged)}


def _commonest(reasons: pl.Series) -> Numbers:
    """The reason that is there most often."""
    if reasons.is_empty():
        return {}
    reason, count = reasons.value_counts(sort=True).row(0)
    return {"most often": f"{reason} ({count} times)"}
