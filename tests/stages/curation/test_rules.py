"""The optional rules, and those against repetition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.curating import FIRST, QUESTION, Row, curated, dropped, evidence, problem, rewrite

from skyassets.stages.curation.duplicate_rules import QuestionNew, QuestionUnlike, TraceNew
from skyassets.stages.curation.rules import DifficultyWithin, FitsCutoff, LicenceAllowed, NoLoops, OneLanguage, Rule
from skyassets.stages.curation.text_quality import foreign_share, repeated_share
from skyassets.stages.deduplication.near_duplicates import NearDuplicates
from skyassets.stages.extraction.trace_format import Structured, join

LATIN = ("LATIN", "GREEK")
LONG = "the quick brown fox jumps over a lazy dog while seven wise owls watch from the old oak tree above them all"


def rules(rule: Rule) -> tuple[Rule, ...]:
    return (*FIRST, rule, FitsCutoff(10_000))


def thinking(text: str, number: int = 0, of: int = 0) -> Row:
    return rewrite(number, of, text=join(Structured(text, "1")))


def test_a_question_asked_twice_is_learned_once_from_the_first_problem_by_id() -> None:
    problems = [problem(0, f" {QUESTION} "), problem(1, QUESTION)]
    frame = curated([rewrite(0, 1), rewrite(1, 0), rewrite(2, 1)], problems, rules(QuestionNew()))
    assert dropped(frame) == {"r00": QuestionNew.name, "r01": None, "r02": QuestionNew.name}
    assert evidence(frame) == ["problem p00 asks the same in the same words"] * 2


def test_a_problem_without_a_right_rewrite_blocks_no_other() -> None:
    verdicts = {0: ("wrong", "wrong")}
    frame = curated([rewrite(0, 0), rewrite(1, 1)], [problem(0), problem(1)], rules(QuestionNew()), verdicts)
    assert dropped(frame) == {"r00": "trace wrong or unjudged", "r01": None}


def test_a_near_duplicate_question_names_the_problem_that_stays() -> None:
    problems = [problem(0, LONG), problem(1, LONG.replace("oak", "elm")), problem(2, QUESTION)]
    near = QuestionUnlike(NearDuplicates(threshold=0.6))
    frame = curated([rewrite(number, number) for number in range(3)], problems, rules(near))
    assert dropped(frame) == {"r00": None, "r01": near.name, "r02": None}
    assert evidence(frame)[0].startswith("problem p00 is ")


def test_the_same_rewrite_of_another_problem_is_no_repetition() -> None:
    rows = [thinking("so it is", number, of) for number, of in ((0, 0), (1, 0), (2, 1))]
    frame = curated(rows, [problem(0), problem(1, LONG)], rules(TraceNew()))
    assert dropped(frame) == {"r00": None, "r01": TraceNew.name, "r02": None}
    assert evidence(frame) == ["the same words as rewrite r00"]


def test_a_nearly_same_trace_is_dropped_where_the_recipe_says_so() -> None:
    rows = [thinking(LONG, 0), thinking(LONG.replace("oak", "elm"), 1), thinking(LONG.replace("oak", "elm"), 2, of=1)]
    problems = [problem(0), problem(1, QUESTION[::-1])]
    assert set(dropped(curated(rows, problems, rules(TraceNew()))).values()) == {None}
    frame = curated(rows, problems, rules(TraceNew(NearDuplicates(threshold=0.6))))
    assert dropped(frame) == {"r00": None, "r01": TraceNew.name, "r02": None}
    assert evidence(frame)[0].endswith("the same as rewrite r00")


@pytest.mark.parametrize(
    ("rule", "about", "reason"),
    [
        (LicenceAllowed(("apache-2.0",)), {"licence": "CC-BY-NC-4.0"}, "CC-BY-NC-4.0 is not allowed"),
        (LicenceAllowed(("apache-2.0",)), {"licence": "Apache-2.0"}, None),
        (DifficultyWithin(4, 9), {"difficulty": 3.0}, "3, the range is 4 to 9"),
        (DifficultyWithin(4, 9), {"difficulty": 9.0}, None),
        (DifficultyWithin(4, 9), {"difficulty": None}, None),
        (DifficultyWithin(4, 9, unrated=False), {"difficulty": None}, "nobody rated it"),
    ],
)
def test_rules_about_the_problem_look_at_the_problem(rule: Rule, about: Row, reason: str | None) -> None:
    assert evidence(curated([rewrite(0, 0)], [problem(0, **about)], rules(rule))) == ([reason] if reason else [])


@pytest.mark.parametrize(
    ("rule", "text", "is_kept"),
    [
        (OneLanguage(), "Let α ∈ ℝ and 𝐱 = π: naïve, Gödel, 5 µm.", True),
        (OneLanguage(), "First, 让我们先想一下这个问题的答案是什么", False),
        (OneLanguage(), "Итак, the answer follows", False),
        (OneLanguage(scripts=("CJK", "LATIN")), "First, 让我们先想一下", True),
        (NoLoops(), LONG, True),
        (NoLoops(), "wait, let me check that once more. " * 40, False),
    ],
)
def test_rules_about_the_text_look_at_the_text(rule: Rule, text: str, is_kept: bool) -> None:
    frame = curated([thinking(text)], rules=rules(rule))
    assert dropped(frame) == {"r00": None if is_kept else rule.name}


@given(st.text())
def test_shares_are_shares(text: str) -> None:
    assert 0 <= foreign_share(text, LATIN) <= 1
    assert 0 <= repeated_share(text, 3) <= 1


@given(st.text("abcdefg λπ.", max_size=60))
def test_own_scripts_are_never_foreign(text: str) -> None:
    assert foreign_share(text, LATIN) == 0


@given(st.lists(st.integers(), unique=True, max_size=30))
def test_text_that_occurs_once_is_not_repetition(words: list[int]) -> None:
    assert repeated_share(" ".join(map(str, words)), 2) == 0
