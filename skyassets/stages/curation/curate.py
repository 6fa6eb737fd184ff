"""Curation: from judged rewrites to training examples. Nothing is deleted: a dropped row carries the rule it failed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from skyassets.core.errors import GateError, RecipeError
from skyassets.core.ports import Conversation, TokenCount
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.core.tables.store import StageResult
from skyassets.stages.curation.duplicate_rules import NotInBenchmark, stated
from skyassets.stages.curation.examples import Count, example, told
from skyassets.stages.curation.rules import (
    FitsCutoff,
    RewriteCorrect,
    RewriteMade,
    Row,
    Rule,
    RuleContext,
    TraceCorrect,
)
from skyassets.stages.curation.waterfall import KEPT, by_domain, waterfall
from skyassets.stages.deduplication.contamination import Decontamination
from skyassets.stages.sampling.prompts import Prompts

NEEDED = (RewriteMade, TraceCorrect, RewriteCorrect, FitsCutoff)
"""The required rules: without them, wrong or truncated text would be trained on."""


@dataclass(frozen=True)
class Curation:
    """The curation rules, applied in order.

    A row's reason is the first rule that it fails. A later rule sees only the rows that passed the earlier ones, so a
    problem without a correct rewrite never counts as the original of a duplicate.
    """

    identity_name: ClassVar[str] = "Curation"
    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        missing = [rule.name for rule in NEEDED if not any(isinstance(each, rule) for each in self.rules)]
        twice = [name for name, count in Counter(self.names).items() if count > 1]
        if missing or twice:
            raise RecipeError(
                f"Curation has the rules {', '.join(self.names)}; missing: {', '.join(missing) or 'none'}, there "
                f"twice: {', '.join(twice) or 'none'}; every recipe needs {', '.join(rule.name for rule in NEEDED)}, "
                "and no rule twice"
            )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the rules, in order."""
        return tuple(rule.name for rule in self.rules)

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
class Judged:
    """The input tables of curation."""

    rewrites: pl.DataFrame
    traces: pl.DataFrame
    verdicts: pl.DataFrame
    problems: pl.DataFrame
    benchmark: pl.DataFrame


def curate(judged: Judged, curation: Curation, prompts: Prompts, count: Count, minimum: int = 1) -> StageResult:
    """Turn every rewrite into an example, or into a dropped row with its rule and evidence.

    Raises:
        GateError: when fewer than `minimum` rows are kept; the message contains the waterfall.
    """
    rows = joined(judged)
    measure = _Measure(prompts, count)
    around = RuleContext(stated(judged.benchmark), measure)
    alive = rows
    for rule in curation.rules:
        found = rule.faults(alive, around)
        for row, evidence in zip(alive, found, strict=True):
            if evidence is not None:
                row["dropped_by"], row["evidence"] = rule.name, evidence
        alive = [row for row in alive if row["dropped_by"] is None]
    measure.note(rows)
    frame = EXAMPLES.frame([example(row, prompts) for row in rows])
    fall = waterfall(frame, curation.names)
    if fall[KEPT] < minimum:
        dropped = ", ".join(f"{name}: {number}" for name, number in fall.items())
        raise GateError(
            f"sft_dataset: {fall[KEPT]} of {len(rows)} rewrites are left, the recipe wants at least {minimum}. "
            f"Dropped by rule: {dropped}. Ask for more samples, choose easier problems, or lower the minimum"
        )
    return StageResult(frame, {"waterfall": fall, "waterfall by domain": by_domain(frame, curation.names)})


def joined(judged: Judged) -> list[Row]:
    """Join each rewrite with its trace, its problem and both verdicts. No row is dropped yet."""
    problems = {str(row["problem_id"]): row for row in judged.problems.iter_rows(named=True)}
    # The trace's text may be long, and curation only needs the rewrite's.
    traces = {str(row["trace_id"]): row for row in judged.traces.drop("text").iter_rows(named=True)}
    verdicts = {
        (row["subject"], row["trace_id"] if row["subject"] == "trace" else row["rewrite_id"]): row
        for row in judged.verdicts.iter_rows(named=True)
    }
    rows: list[Row] = []
    for rewrite in judged.rewrites.iter_rows(named=True):
        said: Row = {}
        for subject in ("trace", "rewrite"):
            verdict = verdicts[subject, rewrite[f"{subject}_id"]]
            said |= {f"{subject}_{name}": verdict[name] for name in ("verdict", "reason", "backend")}
        problem = problems[str(rewrite["problem_id"])]
        said["is_imported"] = problem["imported_trace"] is not None
        empty = dict.fromkeys(("dropped_by", "evidence", "example_tokens", "learned_tokens"))
        rows.append({**traces[str(rewrite["trace_id"])], **problem, **rewrite, **said, **empty})
    return rows


class _Measure:
    """Counts the tokens of each row, as an example, once."""

    def __init__(self, prompts: Prompts, count: Count) -> None:
        self._prompts, self._count = prompts, count
        self._known: dict[str, TokenCount] = {}

    def __call__(self, rows: Sequence[Row]) -> list[TokenCount]:
        new = [row for row in rows if str(row["rewrite_id"]) not in self._known]
        asked = [Conversation(str(row["rewrite_id"]), told(row, self._prompts)) for row in new]
        for one, tokens in zip(asked, self._count(asked), strict=True):
            self._known[one.id] = tokens
        return [self._known[str(row["rewrite_id"])] for row in rows]

    def note(self, rows: Sequence[Row]) -> None:
        """Write the token counts into the rows."""
        for row in rows:
            if tokens := self._known.get(str(row["rewrite_id"])):
                row["example_tokens"], row["learned_tokens"] = tokens.total, tokens.learned
