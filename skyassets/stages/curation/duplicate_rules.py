"""Curation rules that drop duplicates: of problems, of traces of one problem, and of benchmark questions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import polars as pl

from skyassets.stages.curation.rules import Row, RuleContext
from skyassets.stages.deduplication.contamination import Decontamination, ItemIndex
from skyassets.stages.deduplication.near_duplicates import NearDuplicates, near_duplicates


@dataclass(frozen=True)
class QuestionNew:
    """No other problem asks the same question, ignoring whitespace. The first by id is kept."""

    identity_name: ClassVar[str] = "QuestionNew"
    name: ClassVar[str] = "question new"

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The problem that is kept."""
        first: dict[str, str] = {}
        for problem, question in sorted(questions(rows).items()):
            first.setdefault(same_words(question), problem)
        kept = [first[same_words(str(row["question"]))] for row in rows]
        return [
            None if row["problem_id"] == problem else f"problem {problem} asks the same in the same words"
            for row, problem in zip(rows, kept, strict=True)
        ]


@dataclass(frozen=True)
class QuestionUnlike:
    """No other problem asks nearly the same question. The first by id is kept."""

    identity_name: ClassVar[str] = "QuestionUnlike"
    name: ClassVar[str] = "question unlike others"
    near: NearDuplicates = field(default_factory=NearDuplicates)

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The problem that is kept, and the similarity."""
        asked = sorted(questions(rows).items())
        twins = near_duplicates([question for _, question in asked], self.near)
        found = {
            problem: f"problem {asked[twin.of][0]} is {twin.similarity:.0%} the same"
            for (problem, _), twin in zip(asked, twins, strict=True)
            if twin is not None
        }
        return [found.get(str(row["problem_id"])) for row in rows]


@dataclass(frozen=True)
class NotInBenchmark:
    """The question is not in any of the configured benchmarks."""

    identity_name: ClassVar[str] = "NotInBenchmark"
    name: ClassVar[str] = "not in a benchmark"
    rule: Decontamination = field(default_factory=Decontamination)

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The benchmark, the item, and what they share."""
        found = contaminated(questions(rows), around.benchmark, self.rule)
        return [found.get(str(row["problem_id"])) for row in rows]


@dataclass(frozen=True)
class TraceNew:
    """No other trace of the problem has the same rewrite, ignoring whitespace; with `near`, nearly the same."""

    identity_name: ClassVar[str] = "TraceNew"
    name: ClassVar[str] = "trace new"
    near: NearDuplicates | None = None

    def faults(self, rows: Sequence[Row], around: RuleContext) -> list[str | None]:
        """The rewrite that is kept: the first by id."""
        order = sorted(range(len(rows)), key=lambda place: str(rows[place]["rewrite_id"]))
        first: dict[tuple[object, str], object] = {}
        found: list[str | None] = [None] * len(rows)
        for place in order:
            row = rows[place]
            kept = first.setdefault((row["problem_id"], same_words(str(row["rewritten"]))), row["rewrite_id"])
            if kept != row["rewrite_id"]:
                found[place] = f"the same words as rewrite {kept}"
        if self.near is not None:
            left = [place for place in order if found[place] is None]
            texts = [str(rows[place]["rewritten"]) for place in left]
            twins = near_duplicates(texts, self.near, groups=[rows[place]["problem_id"] for place in left])
            for place, twin in zip(left, twins, strict=True):
                if twin is not None:
                    of = rows[left[twin.of]]["rewrite_id"]
                    found[place] = f"{twin.similarity:.0%} the same as rewrite {of}"
        return found


def questions(rows: Iterable[Row]) -> dict[str, str]:
    """Problem id to question, for the problems of the rows."""
    return {str(row["problem_id"]): str(row["question"]) for row in rows}


def same_words(text: str) -> str:
    """`text` with its whitespace normalized."""
    return " ".join(text.split())


def stated(benchmark: pl.DataFrame) -> pl.DataFrame:
    """The benchmark problems that have a question, including those set aside: their reference may be fixed later."""
    return benchmark.filter(pl.col("question").str.strip_chars() != "")


def contaminated(asked: dict[str, str], benchmark: pl.DataFrame, rule: Decontamination) -> dict[str, str]:
    """The questions (problem id to text) that a benchmark also asks, with the evidence."""
    items = benchmark.select("problem_id", "question", "benchmark")
    of = {str(item): str(name) for item, _, name in items.iter_rows()}
    index = ItemIndex({str(item): str(question) for item, question, _ in items.iter_rows()}, rule)
    matches = index.matches(list(asked.values()))
    return {
        problem: f"{of[match.item]}: {match}"
        for problem, match in zip(asked, matches, strict=True)
        if match is not None
    }
