"""The bill of one asset: what its completions took and cost, those asked now and those that were there already."""

from array import array
from collections import Counter
from dataclasses import dataclass, field

import polars as pl

from skyassets.core.ports import Reply

SPENT = "dollars spent by this run"
COST = "dollars these rows cost altogether"
UNKNOWN = "unknown"
COLUMNS = ("dollars", "prompt_tokens", "completion_tokens", "finish_reason", "seconds")
"""All that a bill needs of a completion; its text is never read."""


@dataclass
class Usage:
    """Adds up replies as they come, and all completions once they are there; a few bytes a row."""

    spent: float = 0.0
    """Dollars of the calls made now, failed ones too."""
    lost: float = 0.0
    """Those of them that brought no completion."""
    stored: float = 0.0
    """Dollars that the completions which are there cost, whoever paid them and whenever."""
    unpriced: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    finish_reasons: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    prompts: "array[float]" = field(default_factory=lambda: array("d"))
    lengths: "array[float]" = field(default_factory=lambda: array("d"))

    def came(self, reply: Reply) -> None:
        """Take in a reply, or a failure."""
        self.spent += reply.dollars or 0.0
        if reply.error is not None:
            self.lost += reply.dollars or 0.0
            self.failures[kind_of(reply.error)] += 1

    def take(self, completions: pl.DataFrame) -> None:
        """Take in completions that are there, with the columns of `COLUMNS`."""
        self.stored += float(completions["dollars"].sum())
        self.unpriced += completions["dollars"].null_count()
        self.prompt_tokens += int(completions["prompt_tokens"].sum())
        self.completion_tokens += int(completions["completion_tokens"].sum())
        self.finish_reasons.update(dict(completions["finish_reason"].value_counts().iter_rows()))
        self.seconds.extend(completions["seconds"].drop_nulls())
        self.prompts.extend(completions["prompt_tokens"].cast(pl.Float64).drop_nulls())
        self.lengths.extend(completions["completion_tokens"].cast(pl.Float64).drop_nulls())

    @property
    def facts(self) -> dict[str, object]:
        """What an asset shows of it."""
        whole = self.stored + self.lost
        facts: dict[str, object] = {
            SPENT: self.spent,
            COST: f"{UNKNOWN}: {self.unpriced} rows have no price" if self.unpriced else whole,
            "prompt tokens": self.prompt_tokens,
            "completion tokens": self.completion_tokens,
            "finish reasons": dict(self.finish_reasons.most_common()),
        }
        if self.seconds:
            facts["seconds a call"] = f"p50 {quantile(self.seconds, 0.5):.3g}, p95 {quantile(self.seconds, 0.95):.3g}"
            p50, p95 = quantile(self.lengths, 0.5), quantile(self.lengths, 0.95)
            facts["completion tokens a call"] = f"p50 {p50:.0f}, p95 {p95:.0f}"
        if self.failures:
            facts["failures"] = dict(self.failures.most_common())
        return facts


def kind_of(error: str) -> str:
    """The head of a row's error: a status (`429`), a failure's name (`ReadTimeout`), a short phrase."""
    return error.partition(":")[0].partition(" (")[0].strip() or "failed"


def quantile(values: "array[float] | list[float]", share: float) -> float:
    """The smallest value that at least `share` of the values do not pass (nearest rank)."""
    ranked = sorted(values)
    place = -(-len(ranked) * share // 1) if ranked else 1
    return ranked[max(int(place) - 1, 0)] if ranked else 0.0
