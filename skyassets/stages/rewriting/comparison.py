"""Compares two rewriting methods on the same traces: check results, significance of the difference, and cost.

Every trace gets one try per method, so that the prompts are compared and not the numbers of retries.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from skyassets.core.identity import digest
from skyassets.core.rows.store import RowStore
from skyassets.stages.extraction.thoughts import after_own_thought
from skyassets.stages.rewriting.checks import CHECKS, checks
from skyassets.stages.rewriting.rewrite import ModelRewriting, RuleRewriting, rewrite
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.statistics.estimates import sign_test

Rewriting = ModelRewriting | RuleRewriting
FINISHED, USABLE = "finished", "usable"
OUTCOMES = (FINISHED, *CHECKS, USABLE)
"""The possible results of a rewrite, in order; `usable` means that all others passed."""
COST = ("prompt_tokens", "completion_tokens", "dollars", "seconds")
SCHEMA: dict[str, pl.DataType] = {
    **dict.fromkeys(
        ("trace_id", "problem_id", "domain", "question", "trace", "side", "completion_id", "text", "failed", "changed"),
        pl.String(),
    ),
    **dict.fromkeys(OUTCOMES, pl.Boolean()),
    "prompt_tokens": pl.Int64(),
    "completion_tokens": pl.Int64(),
    "dollars": pl.Float64(),
    "seconds": pl.Float64(),
}
"""One row per trace and side."""
Tries = tuple[pl.DataFrame, pl.DataFrame]
"""The results of the two sides, with the same trace in each row."""


@dataclass(frozen=True)
class Side:
    """One of the two rewriting methods, with its display name."""

    name: str
    rewriting: Rewriting


@dataclass(frozen=True)
class OutcomeComparison:
    """One outcome on both sides, over the same traces."""

    outcome: str
    passed: tuple[int, int]
    only: tuple[int, int]
    """How many traces only the first side passed, and how many only the second."""
    rows: int

    @property
    def p_value(self) -> float:
        """McNemar's exact test, two-sided."""
        return sign_test(*self.only)


def sample_traces(trace_ids: Sequence[str], rows: int, seed: int) -> list[str]:
    """A random choice of `rows` traces, which depends only on the seed and not on their order."""
    return sorted(sorted(set(trace_ids)), key=lambda key: digest("sample", seed, key))[:rows]


def try_side(
    side: Side, traces: pl.DataFrame, problems: pl.DataFrame, completer: Completer | None, rows: RowStore
) -> pl.DataFrame:
    """One try per trace, one row each, in SCHEMA."""
    rewriting = side.rewriting
    once = replace(rewriting, tries=1) if isinstance(rewriting, ModelRewriting) else rewriting
    made = rewrite(traces, problems, once, completer)
    rewrites = {str(row["trace_id"]): row for row in made.frame.iter_rows(named=True)}
    completion_ids = [str(row["completion_id"]) for row in rewrites.values() if row["completion_id"]]
    replies = {str(row["completion_id"]): row for row in rows.get(completion_ids).iter_rows(named=True)}
    problem_of = {str(row["problem_id"]): row for row in problems.iter_rows(named=True)}
    results = []
    for trace in traces.sort("trace_id").iter_rows(named=True):
        result = rewrites[str(trace["trace_id"])]
        reply = replies.get(str(result["completion_id"]), {})
        problem = problem_of[str(trace["problem_id"])]
        text = after_own_thought(str(reply["text"])) if reply else result["rewritten"]
        results.append(
            {
                **{name: result[name] for name in ("trace_id", "problem_id", "completion_id", "failed", "changed")},
                **{name: reply.get(name) for name in COST},
                **_outcomes(str(trace["text"]), text, reply, str(problem["domain"]), rewriting),
                USABLE: result["failed"] is None,
                "domain": problem["domain"],
                "question": problem["question"],
                "trace": trace["text"],
                "side": side.name,
                "text": text,
            }
        )
    return pl.DataFrame(results, schema=SCHEMA, orient="row")


def compare_outcomes(first: pl.DataFrame, second: pl.DataFrame) -> list[OutcomeComparison]:
    """Every outcome of two sides that tried the same traces."""
    both = first.join(second, on="trace_id", suffix="_second", validate="1:1")
    return [
        OutcomeComparison(
            outcome,
            (_count(both, pl.col(outcome)), _count(both, pl.col(f"{outcome}_second"))),
            (
                _count(both, pl.col(outcome) & ~pl.col(f"{outcome}_second")),
                _count(both, ~pl.col(outcome) & pl.col(f"{outcome}_second")),
            ),
            both.height,
        )
        for outcome in OUTCOMES
    ]


def most_informative(
    first: pl.DataFrame, second: pl.DataFrame, most: int
) -> list[tuple[dict[str, object], dict[str, object]]]:
    """The most informative pairs: first those where only one side is usable, then those that differ, in id order."""
    pairs = list(zip(first.iter_rows(named=True), second.iter_rows(named=True), strict=True))
    pairs.sort(key=lambda pair: (pair[0][USABLE] == pair[1][USABLE], pair[0]["text"] == pair[1]["text"]))
    return pairs[:most]


def _outcomes(trace: str, text: object, reply: dict[str, object], domain: str, rewriting: Rewriting) -> dict[str, bool]:
    if text is None:
        return dict.fromkeys(OUTCOMES, False)
    bounds = rewriting if isinstance(rewriting, ModelRewriting) else ModelRewriting
    failures = checks(trace, str(text).strip(), domain, bounds.shortest, bounds.longest)
    is_finished = not reply or reply["finish_reason"] == "stop"
    return {FINISHED: is_finished, **{name: reason is None for name, reason in failures.items()}}


def _count(rows: pl.DataFrame, where: pl.Expr) -> int:
    return rows.filter(where).height
