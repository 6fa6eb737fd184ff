"""Curation rules for single rows. For each row, a rule returns the reason to drop it, or None.

Rules that compare rows with one another are in `duplicate_rules` and `selection`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import polars as pl

from skyassets.core.ports import TokenCount, Verdict
from skyassets.stages.curation.text_quality import foreign_share, repeated_share
from skyassets.stages.extraction.template_tokens import template_token
from skyassets.stages.extraction.thoughts import thought_tag
from skyassets.stages.extraction.trace_format import parse

CurationRow = dict[str, object]
"""A rewrite joined with its trace, its problem and both verdicts."""


@dataclass(frozen=True)
class RuleContext:
    """What rules can use in addition to the rows."""

    benchmark: pl.DataFrame
    """All benchmark problems that have a question, including those set aside."""
    count: Callable[[Sequence[CurationRow]], list[TokenCount]]
    """Counts the tokens of rows as examples, with the student's tokenizer and template; none for an unfit row."""
    unfit: Callable[[Sequence[CurationRow]], list[str | None]]
    """Why the student's tokenizer or template cannot represent a row as an example; None if it can."""
    trace: Callable[[CurationRow], str]
    """The text of a row's trace, which may be long and is not in the row."""


class Rule(Protocol):
    """A reason to drop rows. A frozen dataclass: its fields are part of the recipe's fingerprint."""

    name: ClassVar[str]
    """The drop reason, as the column `dropped_by` states it: what is wrong with the row."""

    def faults(self, rows: Sequence[CurationRow], context: RuleContext, /) -> list[str | None]:
        """For each of `rows`, which passed all earlier rules, the evidence against it; None if it passes."""
        ...


class RowRule(ABC):
    """A rule that looks at one row at a time."""

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """The evidence against each row."""
        return [self.fault(row) for row in rows]

    @abstractmethod
    def fault(self, row: CurationRow) -> str | None:
        """The evidence against `row`; None if it passes."""


@dataclass(frozen=True)
class TraceFinished(RowRule):
    """The teacher finished: a trace cut by the token limit is not trained on as if it were complete."""

    identity_name: ClassVar[str] = "TraceFinished"
    name: ClassVar[str] = "trace unfinished"

    def fault(self, row: CurationRow) -> str | None:
        """The trace's finish reason."""
        if row["finish_reason"] == "stop":
            return None
        return f"it ended with {row['finish_reason']}" + (f": {row['error']}" if row["error"] else "")


@dataclass(frozen=True)
class RewriteMade(RowRule):
    """There is a rewrite that passed its checks."""

    identity_name: ClassVar[str] = "RewriteMade"
    name: ClassVar[str] = "rewrite failed"

    def fault(self, row: CurationRow) -> str | None:
        """Why there is no such rewrite."""
        return None if row["failed"] is None else str(row["failed"])


@dataclass(frozen=True)
class JudgedCorrect(RowRule):
    """The trace or the rewrite was judged correct; unjudged is not enough.

    `trust_imported` makes one exception, for recipes that trust ready-made traces: an imported trace whose problem
    has nothing to judge it by passes unjudged, and its row says so.
    """

    subject: ClassVar[str]
    trust_imported: bool = False

    def fault(self, row: CurationRow) -> str | None:
        """The verdict, with its reason."""
        verdict = row[f"{self.subject}_verdict"]
        is_unverifiable = row["imported_trace"] and row["ground_truth"] is None and row["tests"] is None
        is_trusted = self.trust_imported and verdict == Verdict.UNJUDGED and is_unverifiable
        return None if verdict == Verdict.CORRECT or is_trusted else f"{verdict}: {row[f'{self.subject}_reason']}"


@dataclass(frozen=True)
class TraceCorrect(JudgedCorrect):
    """The trace was judged correct; an unverifiable imported one passes with `trust_imported`."""

    identity_name: ClassVar[str] = "TraceCorrect"
    name: ClassVar[str] = "trace wrong or unjudged"
    subject: ClassVar[str] = "trace"


@dataclass(frozen=True)
class RewriteCorrect(JudgedCorrect):
    """The rewrite was judged correct too; `trust_imported` as for the trace."""

    identity_name: ClassVar[str] = "RewriteCorrect"
    name: ClassVar[str] = "rewrite wrong or unjudged"
    subject: ClassVar[str] = "rewrite"


def verified(*, trust_imported: bool = False) -> tuple[Rule, ...]:
    """The basic rules: finished, rewritten, and correct before and after the rewriting."""
    return (TraceFinished(), RewriteMade(), TraceCorrect(trust_imported), RewriteCorrect(trust_imported))


@dataclass(frozen=True)
class WellFormed(RowRule):
    """The text has a non-empty thought and solution between the four markers, and no mark of a thought or of a turn.

    Rewrites have the four markers in every recipe; `Curation.form` says which marks the student learns.
    """

    identity_name: ClassVar[str] = "WellFormed"
    identity_added: ClassVar[tuple[str, ...]] = ("empty_thought",)
    name: ClassVar[str] = "malformed"
    empty_thought: bool = False
    """Whether the thought may be empty, so that the student also learns to answer without one."""

    def fault(self, row: CurationRow) -> str | None:
        """That the text does not parse, or the mark that it contains."""
        text = str(row["rewritten"])
        if parse(text, empty_thought=self.empty_thought) is None:
            if parse(text, empty_thought=True) is not None:
                return "the thought is empty"
            return "the four markers do not stand once each, in order, around a thought and a solution"
        token = thought_tag(text) or template_token(text)
        return f"the answer contains {token!r}, a mark of a thought or of a turn" if token else None


@dataclass(frozen=True)
class LicenceAllowed(RowRule):
    """The problem's licence is one of `licences`, ignoring case."""

    identity_name: ClassVar[str] = "LicenceAllowed"
    name: ClassVar[str] = "licence not allowed"
    licences: tuple[str, ...]

    def fault(self, row: CurationRow) -> str | None:
        """The licence."""
        is_allowed = str(row["licence"]).casefold() in map(str.casefold, self.licences)
        return None if is_allowed else f"{row['licence'] or 'none'} is not allowed"


@dataclass(frozen=True)
class DifficultyWithin(RowRule):
    """The problem's difficulty (AoPS scale) is within the bounds; `unrated` says whether unrated problems pass."""

    identity_name: ClassVar[str] = "DifficultyWithin"
    name: ClassVar[str] = "difficulty out of range"
    low: float
    high: float
    unrated: bool = True

    def fault(self, row: CurationRow) -> str | None:
        """The difficulty."""
        difficulty = row["difficulty"]
        if not isinstance(difficulty, int | float):
            return None if self.unrated else "nobody rated it"
        is_within = self.low <= difficulty <= self.high
        return None if is_within else f"{difficulty:g}, the range is {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class OneLanguage(RowRule):
    """At most `share` of the letters are from scripts other than `scripts`: teachers sometimes switch languages.

    Greek is allowed for mathematics; symbols such as ℝ count as the letter they are derived from.
    """

    identity_name: ClassVar[str] = "OneLanguage"
    name: ClassVar[str] = "mixed languages"
    share: float = 0.01
    scripts: tuple[str, ...] = ("LATIN", "GREEK")
    """The first words of Unicode character names."""

    def fault(self, row: CurationRow) -> str | None:
        """The share of letters from other scripts."""
        share = foreign_share(str(row["rewritten"]), self.scripts)
        return None if share <= self.share else f"{share:.1%} of the letters are of other scripts"


@dataclass(frozen=True)
class NoLoops(RowRule):
    """At most `share` of the sequences of `words` words are repetitions, a sign of a looping model."""

    identity_name: ClassVar[str] = "NoLoops"
    name: ClassVar[str] = "looping"
    words: int = 10
    share: float = 0.3

    def fault(self, row: CurationRow) -> str | None:
        """The share of repeated sequences."""
        share = repeated_share(str(row["rewritten"]), self.words)
        return None if share <= self.share else f"{share:.1%} of the {self.words}-word sequences stand there before"


@dataclass(frozen=True)
class FitsTokenizer:
    """No message contains a special token of the student's tokenizer, and its template keeps every message.

    Runs before `FitsCutoff` in every recipe, without being listed.
    """

    identity_name: ClassVar[str] = "FitsTokenizer"
    name: ClassVar[str] = "unfit for the tokenizer"

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """The special token, and where it stands."""
        return context.unfit(rows)


@dataclass(frozen=True)
class FitsCutoff:
    """The whole conversation fits the training's cutoff in tokens. A longer one is dropped, never truncated."""

    identity_name: ClassVar[str] = "FitsCutoff"
    name: ClassVar[str] = "too long"
    tokens: int

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """The length."""
        totals = [count.total for count in context.count(rows)]
        return [None if total <= self.tokens else f"{total} tokens, the cutoff is {self.tokens}" for total in totals]
