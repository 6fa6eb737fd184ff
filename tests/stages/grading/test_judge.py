import pytest
from stages.replay import Replay

from skyassets.core.ports import Limits
from skyassets.stages.extraction.trace_format import Structured, join
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import Case, judge


class Oracle:
    """A comparison with one answer to everything."""

    name = "oracle"

    def __init__(self, answer: bool | None) -> None:
        self.answer = answer

    def equal(self, answer: str, gold: str) -> bool | None:
        return self.answer


def graders(equality: bool | None = None) -> Graders:
    return Graders(Replay(), Oracle(equality), Limits())


def answer(text: str, gold: str | None, mode: Mode = Mode.STRICT, equality: bool | None = None) -> tuple[str, str, str]:
    result = judge(Case("maths", gold, None, text, mode), graders(equality=equality))
    return result.verdict, result.reason, result.backend


def test_a_boxed_answer_that_equals_the_reference_is_correct() -> None:
    assert answer("It is \\boxed{0.5}.", "1/2") == ("correct", "equals the reference", "exact")


def test_a_boxed_answer_that_differs_is_wrong() -> None:
    assert answer("It is \\boxed{3}, not 4.", "4") == ("wrong", "differs from the reference", "exact")


def test_algebra_decides_what_reading_does_not() -> None:
    assert answer("\\boxed{2x}", "x+x", equality=True) == ("correct", "equals the reference", "oracle")
    assert answer("\\boxed{2x!}", "x!+y", equality=False) == ("wrong", "differs from the reference", "oracle")


def test_an_undecided_comparison_is_unjudged_and_never_wrong() -> None:
    assert answer("\\boxed{2x}", "x+x", equality="time limit") == ("unjudged", "time limit", "oracle")


@pytest.mark.parametrize("gold", [None, "", "  "])
def test_without_a_reference_an_answer_is_unjudged(gold: str | None) -> None:
    assert answer("\\boxed{1}", gold)[:2] == ("unjudged", "no reference answer")


def test_a_right_answer_in_another_form_is_wrong_when_read_strictly() -> None:
    assert answer("The answer is 4.", "4")[:2] == ("wrong", "no boxed answer")
    assert answer("The answer is 4.", "4", Mode.LENIENT)[0] == "correct"


def test_a_text_without_any_answer_is_wrong_even_read_leniently() -> None:
    assert answer("I do not know.", "4", Mode.LENIENT)[:2] == ("wrong", "no answer found")


def test_the_answer_that_was_read_is_kept_as_evidence() -> None:
    assert judge(Case("maths", "4", None, "\\boxed{ 4. }", Mode.STRICT), graders()).answer == "4."


def test_a_thought_is_not_the_answer() -> None:
    assert answer(join(Structured("Is it \\boxed{4}?", "It is \\boxed{5}.")), "4")[0] == "wrong"


@pytest.mark.parametrize(
    ("domain", "gold", "text", "verdict"),
    [
        ("puzzle", "apple", "The last word is Apple.", "correct"),
        ("puzzle", "apple", "The last word is pear.", "wrong"),
        ("puzzle", "17", "The largest is 17.", "correct"),
        ("science", "A", "\\boxed{C}, which is a prime", "wrong"),
        ("science", "C", "The answer is (C), as a catalyst is no reagent.", "correct"),
    ],
)
def test_puzzles_and_choices_are_judged_the_same_way(domain: str, gold: str, text: str, verdict: str) -> None:
    assert judge(Case(domain, gold, None, text, Mode.LENIENT), graders()).verdict == verdict
