"""Curation rules that drop duplicates: of problems, of traces of one problem, and of benchmark questions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import polars as pl

from skyassets.stages.curation.rules import CurationRow, RuleContext
from skyassets.stages.deduplication.contamination import Decontamination, ItemIndex
from skyassets.stages.deduplication.near_duplicates import NearDuplicates, near_duplicates


@dataclass(frozen=True)
class QuestionNew:
    """No other problem asks the same question, ignoring whitespace. The first by id is kept."""

    identity_name: ClassVar[str] = "QuestionNew"
    name: ClassVar[str] = "question repeated"

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """The problem that is kept."""
        first: dict[str, str] = {}
        for problem, question in sorted(questions(rows).items()):
            first.setdefault(single_spaced(question), problem)
        originals = [first[single_spaced(str(row["question"]))] for row in rows]
        return [
            None if row["problem_id"] == problem else f"problem {problem} asks the same in the same words"
            for row, problem in zip(rows, originals, strict=True)
        ]


@dataclass(frozen=True)
class QuestionUnlike:
    """No other problem asks nearly the same question. The first by id is kept."""

    identity_name: ClassVar[str] = "QuestionUnlike"
    name: ClassVar[str] = "question nearly repeated"
    near: NearDuplicates = field(default_factory=NearDuplicates)

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """The problem that is kept, and the similarity."""
        by_problem = sorted(questions(rows).items())
        twins = near_duplicates([question for _, question in by_problem], self.near)
        evidence = {
            problem: f"problem {by_problem[twin.of][0]} is {twin.similarity:.0%} the same"
            for (problem, _), twin in zip(by_problem, twins, strict=True)
            if twin is not None
        }
        return [evidence.get(str(row["problem_id"])) for row in rows]


@dataclass(frozen=True)
class NotInBenchmark:
    """The question is not in any of the configured benchmarks."""

    identity_name: ClassVar[str] = "NotInBenchmark"
    name: ClassVar[str] = "question in a benchmark"
    rule: Decontamination = field(default_factory=Decontamination)

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """The benchmark, the item, and what they share."""
        evidence = contaminated(questions(rows), context.benchmark, self.rule)
        return [evidence.get(str(row["problem_id"])) for row in rows]


@dataclass(frozen=True)
class TraceNew:
    """No other trace of the problem has the same rewrite, ignoring whitespace; with `near`, nearly the same."""

    identity_name: ClassVar[str] = "TraceNew"
    name: ClassVar[str] = "rewrite repeated"
    near: NearDuplicates | None = None

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """The rewrite that is kept: the first by id."""
        order = sorted(range(len(rows)), key=lambda index: str(rows[index]["rewrite_id"]))
        first: dict[tuple[object, str], object] = {}
        evidence: list[str | None] = [None] * len(rows)
        for index in order:
            row = rows[index]
            original = first.setdefault((row["problem_id"], single_spaced(str(row["rewritten"]))), row["rewrite_id"])
            if original != row["rewrite_id"]:
                evidence[index] = f"the same words as rewrite {original}"
        if self.near is not None:
            remaining = [index for index in order if evidence[index] is None]
            texts = [str(rows[index]["rewritten"]) for index in remaining]
            twins = near_duplicates(texts, self.near, groups=[rows[index]["problem_id"] for index in remaining])
            for index, twin in zip(remaining, twins, strict=True):
                if twin is not None:
                    of = rows[remaining[twin.of]]["rewrite_id"]
                    evidence[index] = f"{twin.similarity:.0%} the same as rewrite {of}"
        return evidence


def questions(rows: Iterable[CurationRow]) -> dict[str, str]:
    """Problem id to question, for the problems of the rows."""
    return {str(row["problem_id"]): str(row["question"]) for row in rows}


def single_spaced(text: str) -> str:
    """`text` with its whitespace normalized."""
    return " ".join(text.split())


def with_question(benchmark: pl.DataFrame) -> pl.DataFrame:
    """The benchmark problems that have a question, including those set aside: their reference may be fixed later."""
    return benchmark.filter(pl.col("question").str.strip_chars() != "")


def contaminated(by_problem: dict[str, str], benchmark: pl.DataFrame, rule: Decontamination) -> dict[str, str]:
    """The evidence by problem id for each question (problem id to text) that a benchmark also asks."""
    items = benchmark.select("problem_id", "question", "benchmark")
    benchmarks = {str(item): str(name) for item, _, name in items.iter_rows()}
    index = ItemIndex({str(item): str(question) for item, question, _ in items.iter_rows()}, rule)
    matches = index.matches(list(by_problem.values()))
    return {
        problem: f"{benchmarks[match.item]}: {match}"
        for problem, match in zip(by_problem, matches, strict=True)
        if match is not None
    }
