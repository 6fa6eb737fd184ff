"""Curation's rules about a row by itself. A rule says of each row why it may not be learned from, or nothing.

Rules that compare rows with one another are in `duplicate_rules` and `selection`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import polars as pl

from skyassets.core.ports import TokenCount, Verdict
from skyassets.stages.curation.text_quality import foreign_share, repeated_share
from skyassets.stages.equivalence.trace_format import parse, template_token

Row = dict[str, object]
"""A rewrite with all that is known of its trace, its problem and both verdicts."""


@dataclass(frozen=True)
class RuleContext:
    """What rules may look at beside the rows."""

    benchmark: pl.DataFrame
    """The problems of every benchmark that ask something, the ones that were set aside too."""
    count: Callable[[Sequence[Row]], list[TokenCount]]
    """Tokens of rows as examples, under the student's tokenizer and template."""


class Rule(Protocol):
    """One reason to drop rows. A frozen dataclass: its fields are part of the recipe's fingerprint."""

    name: ClassVar[str]
    """What a dropped row says it failed."""

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """For each of `rows`, which passed all rules before, the evidence against it; None where it passes."""
        ...


@dataclass(frozen=True)
class TraceFinished:
    """The teacher ended by itself: what the token limit cut is not learned as if it were whole."""

    identity_name: ClassVar[str] = "TraceFinished"
    name: ClassVar[str] = "trace finished"

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """How the trace ended instead."""
        return [
            None if row["finish_reason"] == "stop" else f"it ended with {row['finish_reason']}" + _because(row["error"])
            for row in rows
        ]


@dataclass(frozen=True)
class RewriteMade:
    """There is a rewrite that passed its checks."""

    identity_name: ClassVar[str] = "RewriteMade"
    name: ClassVar[str] = "rewrite made"

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """Why there is none."""
        return [None if row["failed"] is None else str(row["failed"]) for row in rows]


@dataclass(frozen=True)
class TraceCorrect:
    """The trace was judged correct; unjudged is not enough.

    `trust_imported` is the one exception, for recipes that take ready-made traces on trust: an imported trace whose
    problem gives nothing to judge it by passes unjudged, and its row says so.
    """

    identity_name: ClassVar[str] = "TraceCorrect"
    name: ClassVar[str] = "trace correct"
    trust_imported: bool = False

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The verdict, with its reason."""
        return [_verdict_against(row, "trace", self.trust_imported) for row in rows]


@dataclass(frozen=True)
class RewriteCorrect:
    """The rewrite was judged correct too; `trust_imported` as for the trace."""

    identity_name: ClassVar[str] = "RewriteCorrect"
    name: ClassVar[str] = "rewrite correct"
    trust_imported: bool = False

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The verdict, with its reason."""
        return [_verdict_against(row, "rewrite", self.trust_imported) for row in rows]


def verified(*, trust_imported: bool = False) -> tuple[Rule, ...]:
    """The rules that make a row worth looking at: finished, rewritten, and right before and after the rewriting."""
    return (TraceFinished(), RewriteMade(), TraceCorrect(trust_imported), RewriteCorrect(trust_imported))


@dataclass(frozen=True)
class WellFormed:
    """A thought and a solution, neither empty, between their four markers, and no token of a chat template."""

    identity_name: ClassVar[str] = "WellFormed"
    name: ClassVar[str] = "well formed"

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """That the text does not parse, or which token of a chat template it holds."""
        return [_malformed(str(row["rewritten"])) for row in rows]


def _malformed(text: str) -> str | None:
    if parse(text) is None:
        return "the four markers do not stand once each, in order, around a thought and a solution"
    token = template_token(text)
    return f"it holds a chat template's token, which would end or open a turn: {token}" if token else None


@dataclass(frozen=True)
class LicenceAllowed:
    """The problem's licence is one of `licences`, whatever its case."""

    identity_name: ClassVar[str] = "LicenceAllowed"
    name: ClassVar[str] = "licence allowed"
    licences: tuple[str, ...]

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The licence."""
        allowed = {licence.casefold() for licence in self.licences}
        return [
            None if str(row["licence"]).casefold() in allowed else f"{row['licence'] or 'none'} is not allowed"
            for row in rows
        ]


@dataclass(frozen=True)
class DifficultyWithin:
    """The problem's difficulty on the AoPS scale is within the bounds; `unrated` says whether one nobody rated is."""

    identity_name: ClassVar[str] = "DifficultyWithin"
    name: ClassVar[str] = "difficulty within bounds"
    low: float
    high: float
    unrated: bool = True

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The difficulty."""
        return [self._fault(row["difficulty"]) for row in rows]

    def _fault(self, difficulty: object) -> str | None:
        if not isinstance(difficulty, int | float):
            return None if self.unrated else "nobody rated it"
        within = self.low <= difficulty <= self.high
        return None if within else f"{difficulty:g}, the range is {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class OneLanguage:
    """At most `share` of the letters belong to other scripts than `scripts`: teachers slip into another language.

    Greek is mathematics; symbols such as ℝ count as the letter they are drawn from.
    """

    identity_name: ClassVar[str] = "OneLanguage"
    name: ClassVar[str] = "one language"
    share: float = 0.01
    scripts: tuple[str, ...] = ("LATIN", "GREEK")
    """As the names of Unicode characters begin."""

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The share of letters of other scripts."""
        shares = [foreign_share(str(row["rewritten"]), self.scripts) for row in rows]
        return [None if share <= self.share else f"{share:.1%} of the letters are of other scripts" for share in shares]


@dataclass(frozen=True)
class NoLoops:
    """At most `share` of the sequences of `words` words stand in the text a second time: a looping model repeats."""

    identity_name: ClassVar[str] = "NoLoops"
    name: ClassVar[str] = "no loops"
    words: int = 10
    share: float = 0.3

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The share of repeated sequences."""
        shares = [repeated_share(str(row["rewritten"]), self.words) for row in rows]
        return [
            None if share <= self.share else f"{share:.1%} of the {self.words}-word sequences stand there before"
            for share in shares
        ]


@dataclass(frozen=True)
class FitsCutoff:
    """The whole conversation fits the training's cutoff in tokens; a longer one is dropped, never cut."""

    identity_name: ClassVar[str] = "FitsCutoff"
    name: ClassVar[str] = "fits the cutoff"
    tokens: int

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The length."""
        counts = around.count(rows)
        return [
            None if count.total <= self.tokens else f"{count.total} tokens, the cutoff is {self.tokens}"
            for count in counts
        ]


def is_unverifiable(row: Row) -> bool:
    """Whether a row's trace came ready-made with a problem that states nothing to judge it by."""
    return bool(row["imported_trace"]) and row["ground_truth"] is None and row["tests"] is None


def _verdict_against(row: Row, subject: str, trust_imported: bool) -> str | None:
    verdict = row[f"{subject}_verdict"]
    trusted = trust_imported and verdict == Verdict.UNJUDGED and is_unverifiable(row)
    return None if verdict == Verdict.CORRECT or trusted else f"{verdict}: {row[f'{subject}_reason']}"


def _because(error: object) -> str:
    return f": {error}" if error else ""
