"""An asset's usage: tokens, time and cost of its completions, both new ones and those stored before."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from skyassets.core.ports import Reply
from skyassets.core.rows.failures import reason_alone

SPENT = "dollars spent by this run"
COST = "dollars these rows cost altogether"
UNKNOWN = "unknown"
COLUMNS = ("dollars", "prompt_tokens", "completion_tokens", "finish_reason", "seconds")
"""The columns needed for the totals; the text is never read."""


@dataclass
class Usage:
    """Totals of replies as they arrive, and of all stored completions; needs a few bytes per row."""

    spent: float = 0.0
    """Dollars of the calls made now, including failed ones."""
    lost: float = 0.0
    """The part of `spent` that brought no completion, except for calls that failed for good."""
    stored: float = 0.0
    """Dollars of the stored completions and failures for good, whenever and by whichever run they were paid."""
    unpriced: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finish_reasons: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    prompts: "array[float]" = field(default_factory=lambda: array("d"))
    lengths: "array[float]" = field(default_factory=lambda: array("d"))

    def add_reply(self, reply: Reply) -> None:
        """Add a reply, or a failure."""
        self.spent += reply.dollars or 0.0
        if reply.error is not None:
            self.lost += 0.0 if reply.is_final else reply.dollars or 0.0
            self.failures[kind_of(reply.error)] += 1

    def add_stored(self, completions: pl.DataFrame) -> None:
        """Add stored completions, with the columns of `COLUMNS`."""
        self.stored += float(completions["dollars"].sum())
        self.unpriced += completions["dollars"].null_count()
        self.prompt_tokens += int(completions["prompt_tokens"].sum())
        self.completion_tokens += int(completions["completion_tokens"].sum())
        self.finish_reasons.update(dict(completions["finish_reason"].value_counts().iter_rows()))
        self.seconds.extend(completions["seconds"].drop_nulls())
        self.prompts.extend(completions["prompt_tokens"].cast(pl.Float64).drop_nulls())
        self.lengths.extend(completions["completion_tokens"].cast(pl.Float64).drop_nulls())

    def add_failed(self, failures: pl.DataFrame) -> None:
        """Add stored failures for good, with the column `dollars`."""
        self.stored += float(failures["dollars"].sum())
        self.unpriced += failures["dollars"].null_count()

    @property
    def metadata(self) -> dict[str, object]:
        """The totals to show on the asset."""
        whole = self.stored + self.lost
        metadata: dict[str, object] = {
            SPENT: self.spent,
            COST: f"{UNKNOWN}: {self.unpriced} rows have no price" if self.unpriced else whole,
            "prompt tokens": self.prompt_tokens,
            "completion tokens": self.completion_tokens,
            "finish reasons": dict(self.finish_reasons.most_common()),
        }
        if self.seconds:
            metadata["seconds a call"] = (
                f"p50 {quantile(self.seconds, 0.5):.3g}, p95 {quantile(self.seconds, 0.95):.3g}"
            )
            p50, p95 = quantile(self.lengths, 0.5), quantile(self.lengths, 0.95)
            metadata["completion tokens a call"] = f"p50 {p50:.0f}, p95 {p95:.0f}"
        if self.failures:
            metadata["failures"] = dict(self.failures.most_common())
        return metadata


def kind_of(error: str) -> str:
    """The kind of a row's error: a status (`429`), an exception name (`ReadTimeout`), or a short phrase."""
    return reason_alone(error).partition(":")[0].partition(" (")[0].strip() or "failed"


def quantile(values: "array[float] | list[float]", share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed (nearest rank)."""
    ranked = sorted(values)
    rank = -(-len(ranked) * share // 1)
    return ranked[max(int(rank) - 1, 0)] if ranked else 0.0
