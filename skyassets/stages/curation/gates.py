"""Gates: checks that a data set has to pass before training, and the numbers behind each result.

That no kept question is in a benchmark (`HELD_OUT`) is a gate too. It needs the benchmarks: see
`duplicate_rules.contaminated`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from skyassets.core.errors import RecipeError
from skyassets.stages.curation.duplicate_rules import single_spaced
from skyassets.stages.curation.examples import kept_examples, unjudged_examples
from skyassets.stages.curation.rules import OneLanguage, RewriteMade, WellFormed
from skyassets.stages.curation.selection import Group
from skyassets.stages.curation.student_form import learned_parts
from skyassets.stages.curation.text_quality import foreign_letters

Numbers = dict[str, int | float | str]

HELD_OUT = "held_out_is_apart"
"""The gate that no kept example asks a benchmark's question."""


@dataclass(frozen=True)
class Bounds:
    """The allowed range of a group's share of the kept examples."""

    identity_name: ClassVar[str] = "Bounds"
    of: Group
    low: float
    high: float


@dataclass(frozen=True)
class Gates:
    """A recipe's gate thresholds. A failed gate stops the run unless it is listed in `reported`."""

    identity_name: ClassVar[str] = "Gates"
    minimum: int = 1
    """Minimum number of kept examples; with fewer, the run stops before the table is published."""
    duplicates: int = 0
    """Maximum number of kept examples that duplicate another one."""
    verified: float = 1.0
    """Minimum share of the kept examples whose trace and rewrite were both judged correct."""
    formed: float = 0.0
    """Minimum share of the finished traces that were rewritten in the required structure."""
    finished: float = 0.0
    """Minimum share of the traces that finished, and were not cut by the token limit."""
    foreign: float = 0.02
    """Maximum share of letters in the kept examples from scripts other than Latin and Greek."""
    mixture: tuple[Bounds, ...] = ()
    reported: tuple[str, ...] = ("language_mix",)
    """Gates that only report, by their names in `NAMES`, or `HELD_OUT`."""

    def __post_init__(self) -> None:
        known = (*NAMES, HELD_OUT)
        if unknown := sorted(set(self.reported) - set(known)):
            raise RecipeError(f"Gates has reported = {list(self.reported)}; {unknown} is none of {', '.join(known)}")


@dataclass(frozen=True)
class CheckResult:
    """Whether a gate or an audit passed, and the numbers behind it."""

    name: str
    passed: bool
    numbers: Numbers

    def __str__(self) -> str:
        return f"{self.name} ({', '.join(f'{name}: {number}' for name, number in self.numbers.items())})"


def check_gates(examples: pl.DataFrame, gates: Gates) -> list[CheckResult]:
    """Check the table against every gate of `NAMES`."""
    return [CheckResult(name, *gate(examples, gates)) for name, gate in _GATES.items()]


def _minimum(examples: pl.DataFrame, gates: Gates) -> tuple[bool, Numbers]:
    rows = kept_examples(examples).height
    return rows >= gates.minimum, {"kept": rows, "at least": gates.minimum}


def _duplicates(examples: pl.DataFrame, gates: Gates) -> tuple[bool, Numbers]:
    seen: set[tuple[str, str]] = set()
    first: dict[str, str] = {}
    texts = questions = 0
    for row in kept_examples(examples).select("problem_id", "messages").iter_rows(named=True):
        question, answer = (single_spaced(str(turn["content"])) for turn in row["messages"][-2:])
        texts += (question, answer) in seen
        seen.add((question, answer))
        questions += first.setdefault(question, row["problem_id"]) != row["problem_id"]
    numbers: Numbers = {
        "the same question of another problem": questions,
        "the same question and answer": texts,
        "at most": gates.duplicates,
    }
    return max(texts, questions) <= gates.duplicates, numbers


def _verified(examples: pl.DataFrame, gates: Gates) -> tuple[bool, Numbers]:
    rows, unverified = kept_examples(examples).height, unjudged_examples(examples).height
    numbers: Numbers = {"kept": rows, "not judged correct": unverified}
    return _rate(rows - unverified, rows, gates.verified, numbers)


def _format(examples: pl.DataFrame, gates: Gates) -> tuple[bool, Numbers]:
    finished = examples.filter(pl.col("finish_reason") == "stop")
    unformed = finished["dropped_by"].is_in([RewriteMade.name, WellFormed.name]).sum()
    answers = kept_examples(examples)["messages"].list.last().struct.field("content")
    broken = sum(learned_parts(str(answer)) is None for answer in answers)
    numbers: Numbers = {"finished traces": finished.height, "kept without the structure": broken}
    passed, numbers = _rate(finished.height - int(unformed), finished.height, gates.formed, numbers)
    return passed and not broken, numbers


def _finished(examples: pl.DataFrame, gates: Gates) -> tuple[bool, Numbers]:
    ends = dict(examples["finish_reason"].fill_null("unknown").value_counts(sort=True).iter_rows())
    cut = kept_examples(examples).filter(pl.col("finish_reason") != "stop").height
    numbers: Numbers = {"traces": examples.height, "kept although cut": cut}
    numbers |= {f"ended with {reason}": count for reason, count in ends.items()}
    return _rate(ends.get("stop", 0), examples.height, gates.finished, numbers)


def _language(examples: pl.DataFrame, gates: Gates) -> tuple[bool, Numbers]:
    foreign = letters = mixed = 0
    for answer in kept_examples(examples)["messages"].list.last().struct.field("content"):
        other, total = foreign_letters(str(answer), OneLanguage.scripts)
        foreign, letters, mixed = foreign + other, letters + total, mixed + (other > 0)
    share = foreign / letters if letters else 0.0
    numbers: Numbers = {"examples with letters of other scripts": mixed, "of other scripts": share}
    return share <= gates.foreign, {**numbers, "at most": gates.foreign}


def _mixture(examples: pl.DataFrame, gates: Gates) -> tuple[bool, Numbers]:
    rows = kept_examples(examples)
    shares = {
        str(bounds.of): int(rows[bounds.of.column].is_in(bounds.of.values).sum()) / max(rows.height, 1)
        for bounds in gates.mixture
    }
    numbers: Numbers = {str(domain): count for domain, count in sorted(rows["domain"].value_counts().iter_rows())}
    for bounds in gates.mixture:
        numbers[f"{bounds.of}, {bounds.low:g} to {bounds.high:g}"] = shares[str(bounds.of)]
    return all(bounds.low <= shares[str(bounds.of)] <= bounds.high for bounds in gates.mixture), numbers


def _rate(good: int, of: int, least: float, numbers: Numbers) -> tuple[bool, Numbers]:
    """An empty set passes: another gate checks that there are rows."""
    rate = good / of if of else 1.0
    return rate >= least, {**numbers, "rate": rate, "at least": least}


_GATES: dict[str, Callable[[pl.DataFrame, Gates], tuple[bool, Numbers]]] = {
    "minimum_rows": _minimum,
    "no_duplicates": _duplicates,
    "verified_rate": _verified,
    "format_rate": _format,
    "finished_rate": _finished,
    "language_mix": _language,
    "mixture": _mixture,
}
NAMES = tuple(_GATES)
"""The gates that need only the examples."""
