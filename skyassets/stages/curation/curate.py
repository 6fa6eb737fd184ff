"""Curation: from judged rewrites to training examples. Nothing is deleted: a dropped row states its drop reason."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from skyassets.core.errors import GateError, RecipeError
from skyassets.core.ports import Conversation, TokenCount
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.core.tables.store import StageResult
from skyassets.core.training.unfit import Unfit
from skyassets.stages.curation.duplicate_rules import NotInBenchmark, with_question
from skyassets.stages.curation.examples import Count, example, example_messages
from skyassets.stages.curation.rules import (
    CurationRow,
    FitsCutoff,
    FitsTokenizer,
    RewriteCorrect,
    RewriteMade,
    Rule,
    RuleContext,
    TraceCorrect,
    WellFormed,
)
from skyassets.stages.curation.student_form import FOUR_MARKERS, StudentForm
from skyassets.stages.curation.waterfall import KEPT, by_domain, waterfall
from skyassets.stages.deduplication.contamination import Decontamination
from skyassets.stages.sampling.prompts import Prompts

NEEDED = (RewriteMade, TraceCorrect, RewriteCorrect, FitsCutoff)
"""The required rules: without them, wrong or truncated text would be trained on."""


@dataclass(frozen=True)
class Curation:
    """The curation rules, applied in order.

    A row's drop reason is the `name` of the first rule that it fails. A later rule sees only the rows that passed the
    earlier ones, so a problem without a correct rewrite never counts as the original of a duplicate.
    """

    identity_name: ClassVar[str] = "Curation"
    identity_added: ClassVar[tuple[str, ...]] = ("form",)
    rules: tuple[Rule, ...]
    form: StudentForm = FOUR_MARKERS
    """The marks around the student's thought, and whether some examples have none."""

    def __post_init__(self) -> None:
        missing = [rule.__name__ for rule in NEEDED if not any(isinstance(each, rule) for each in self.rules)]
        if missing:
            raise RecipeError(f"Curation lacks the rules {', '.join(missing)}; every recipe needs them")
        if repeated := [name for name, count in Counter(self.drop_reasons).items() if count > 1]:
            raise RecipeError(f"Curation has more than one rule with the drop reason {', '.join(repeated)}; keep one")
        if self.form != FOUR_MARKERS and not any(isinstance(rule, WellFormed) for rule in self.rules):
            raise RecipeError(f"Curation has the form {self.form}, which needs the rule WellFormed; add it")

    @property
    def drop_reasons(self) -> tuple[str, ...]:
        """The drop reasons of the rules, in order."""
        return tuple(rule.name for rule in self.applied)

    @property
    def applied(self) -> tuple[Rule, ...]:
        """The rules, with the one that no recipe has to list: only what fits the tokenizer has a length."""
        at = next((at for at, rule in enumerate(self.rules) if isinstance(rule, FitsCutoff)), len(self.rules))
        return (*self.rules[:at], FitsTokenizer(), *self.rules[at:])

    @property
    def cutoff(self) -> int:
        """Longest conversation, in tokens of the student's tokenizer."""
        return next(rule.tokens for rule in self.rules if isinstance(rule, FitsCutoff))

    @property
    def decontamination(self) -> Decontamination:
        """The recipe's rule for contaminated questions; the default rule if the recipe drops none."""
        own = (rule.rule for rule in self.rules if isinstance(rule, NotInBenchmark))
        return next(own, Decontamination())


@dataclass(frozen=True)
class CurationInputs:
    """The input tables of curation."""

    rewrites: pl.DataFrame
    traces: pl.DataFrame
    verdicts: pl.DataFrame
    problems: pl.DataFrame
    benchmark: pl.DataFrame


def curate(inputs: CurationInputs, curation: Curation, prompts: Prompts, count: Count, minimum: int = 1) -> StageResult:
    """Turn every rewrite into an example, or into a dropped row with its drop reason and evidence.

    Raises:
        GateError: when fewer than `minimum` rows are kept; the message contains the waterfall.
    """
    rows = joined(inputs)
    tokens = _TokenCounter(prompts, curation.form, count)
    context = RuleContext(with_question(inputs.benchmark), tokens.counts, tokens.unfit, _trace_texts(inputs.traces))
    remaining = rows
    for rule in curation.applied:
        for row, evidence in zip(remaining, rule.faults(remaining, context), strict=True):
            if evidence is not None:
                row["dropped_by"], row["evidence"] = rule.name, evidence
        remaining = [row for row in remaining if row["dropped_by"] is None]
    tokens.write(rows)
    frame = EXAMPLES.frame([example(row, prompts, curation.form) for row in rows])
    counts = waterfall(frame, curation.drop_reasons)
    if counts[KEPT] < minimum:
        reasons = ", ".join(f"{name}: {number}" for name, number in counts.items())
        raise GateError(
            f"sft_dataset: {counts[KEPT]} of {len(rows)} rewrites are left, the recipe wants at least {minimum}. "
            f"By drop reason: {reasons}. Ask for more samples, choose easier problems, or lower the minimum"
        )
    return StageResult(frame, {"waterfall": counts, "waterfall by domain": by_domain(frame, curation.drop_reasons)})


def joined(inputs: CurationInputs) -> list[CurationRow]:
    """Join each rewrite with its trace, its problem and both verdicts. No row is dropped yet."""
    problems = {str(row["problem_id"]): row for row in inputs.problems.iter_rows(named=True)}
    # The trace's text may be long, and curation only needs the rewrite's.
    traces = {str(row["trace_id"]): row for row in inputs.traces.drop("text").iter_rows(named=True)}
    verdicts = {
        (row["subject"], row["trace_id"] if row["subject"] == "trace" else row["rewrite_id"]): row
        for row in inputs.verdicts.iter_rows(named=True)
    }
    rows: list[CurationRow] = []
    for rewrite in inputs.rewrites.iter_rows(named=True):
        judged: CurationRow = {}
        for subject in ("trace", "rewrite"):
            verdict = verdicts[subject, rewrite[f"{subject}_id"]]
            judged |= {f"{subject}_{name}": verdict[name] for name in ("verdict", "reason", "backend")}
        problem = problems[str(rewrite["problem_id"])]
        judged["is_imported"] = problem["imported_trace"] is not None
        empty = dict.fromkeys(("dropped_by", "evidence", "example_tokens", "learned_tokens"))
        rows.append({**traces[str(rewrite["trace_id"])], **problem, **rewrite, **judged, **empty})
    return rows


def _trace_texts(traces: pl.DataFrame) -> Callable[[CurationRow], str]:
    """Looks up the text of a row's trace, without a copy of all texts."""
    places = {trace_id: place for place, trace_id in enumerate(traces["trace_id"])}
    return lambda row: str(traces["text"][places[row["trace_id"]]])


class _TokenCounter:
    """Counts the tokens of each row, as an example, once."""

    def __init__(self, prompts: Prompts, form: StudentForm, count: Count) -> None:
        self._prompts, self._form, self._count = prompts, form, count
        self._counts: dict[str, TokenCount | Unfit] = {}

    def counts(self, rows: Sequence[CurationRow]) -> list[TokenCount]:
        """The tokens of each row; none for an unfit one."""
        return [TokenCount(0, 0) if isinstance(each, Unfit) else each for each in self._counted(rows)]

    def unfit(self, rows: Sequence[CurationRow]) -> list[str | None]:
        """Why each row is unfit; None if it has a count."""
        return [each.reason if isinstance(each, Unfit) else None for each in self._counted(rows)]

    def write(self, rows: Sequence[CurationRow]) -> None:
        """Write the token counts into the rows."""
        for row in rows:
            if isinstance(tokens := self._counts.get(str(row["rewrite_id"])), TokenCount):
                row["example_tokens"], row["learned_tokens"] = tokens.total, tokens.learned

    def _counted(self, rows: Sequence[CurationRow]) -> list[TokenCount | Unfit]:
        new = [row for row in rows if str(row["rewrite_id"]) not in self._counts]
        conversations = [
            Conversation(str(row["rewrite_id"]), example_messages(row, self._prompts, self._form)) for row in new
        ]
        for one, tokens in zip(conversations, self._count(conversations), strict=True):
            self._counts[one.id] = tokens
        return [self._counts[str(row["rewrite_id"])] for row in rows]
