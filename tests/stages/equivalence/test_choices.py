import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.core.ports import Limits, Program, ProgramRun
from skyassets.stages.equivalence.choices import is_choice, options, selected
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import Case, judge

UNHURRIED = settings(deadline=None)

LINES = "Which is a prime?\nA) 15\nB) 21\nC) 23\nD) 9"
OFFERED = (("A", "15"), ("B", "21"), ("C", "23"), ("D", "9"))
WORDS = (("A", "a virus"), ("B", "a catalyst"), ("C", "an enzyme"))


class NoSandbox:
    name = "none"

    def run(self, program: Program, limits: Limits) -> ProgramRun:
        raise AssertionError("an answer was run")


class Silent:
    """An equality check that always ends at its time limit."""

    name = "silent"

    def equal(self, answer: str, gold: str) -> bool | str:
        return "time limit"


GRADERS = Graders(NoSandbox(), Silent(), Limits())


@pytest.mark.parametrize(
    ("question", "offered"),
    [
        (LINES, OFFERED),
        (LINES.replace("A)", "(A)").replace("B)", "(B)").replace("C)", "(C)").replace("D)", "(D)"), OFFERED),
        (LINES.replace(")", "."), OFFERED),
        ("Which is a prime? (A) 15 (B) 21 (C) 23 (D) 9", OFFERED),
        ("$\\textbf{(A)}\\ 15 \\qquad \\textbf{(B)}\\ 21 \\qquad\\textbf{(C)}\\ 23\\qquad\\textbf{(D)}\\ 9$", OFFERED),
        ("Pick:\n\n**A)** 15\n**B)** 21\n**C)** 23\n**D)** 9\n\nThink first.", OFFERED),
        ("Which?\nA) 15\nB) not (D) but 21\nC) 23\nD) 9", (OFFERED[0], ("B", "not (D) but 21"), *OFFERED[2:])),
        ("Which?\n(A) -15\n(B)-21", (("A", "-15"), ("B", "-21"))),
        ("A) 15", ()),
        ("Vitamin A. It is B. or not.", ()),
        ("What is 6 times 9?", ()),
        ("", ()),
    ],
)
def test_options_are_read_out_of_the_question(question: str, offered: tuple[tuple[str, str], ...]) -> None:
    assert tuple((letter, text.removesuffix("\\qquad").strip()) for letter, text in options(question)) == offered


def test_the_letter_of_a_compound_is_no_option() -> None:
    names = ("(E)-2-butene", "(E)-(+)-limonene", "(D)-glucose", "(E)-1,3-pentadiene and (E)-stilbene")
    lettered = tuple(zip("ABCD", names, strict=True))
    assert options("Which?\n\n" + "\n".join(f"{letter}) {name}" for letter, name in lettered)) == lettered
    assert [selected(name, lettered) for name in names] == list("ABCD")
    assert selected("(D)-mannose", lettered) is None


@pytest.mark.parametrize(
    ("answer", "letter"),
    [
        ("C", "C"),
        ("(C)", "C"),
        ("c", "C"),
        ("C.", "C"),
        ("C) 23", "C"),
        ("(C) $23$", "C"),
        ("C: 23", "C"),
        ("C, which is a prime", "C"),
        ("Option C", "C"),
        ("the answer is (C)", "C"),
        ("Answer: C", "C"),
        ("\\text{C}", "C"),
        ("\\textbf{(C)}\\ 23", "C"),
        ("23", "C"),
        ("23.0", "C"),
        ("A or C", ""),
        ("A, C", ""),
        ("(A) and (C)", ""),
        ("C) 21", ""),
        ("E", None),
        ("24", None),
        ("A good question", None),
        ("not C", None),
        ("", None),
    ],
)
def test_an_answer_takes_the_option_it_names(answer: str, letter: str | None) -> None:
    assert selected(answer, OFFERED) == letter


def test_an_option_may_be_taken_by_its_text() -> None:
    assert selected("a catalyst", WORDS) == "B"
    assert selected("Catalyst.", WORDS) == "B"
    assert selected("B) a catalyst", WORDS) == "B"
    assert selected("A catalyst speeds it up", WORDS) is None


def test_without_options_only_a_capital_is_a_choice() -> None:
    assert is_choice("C", ())
    assert is_choice("\\text{(C)}", ())
    assert not is_choice("c", ())
    assert not is_choice("x", ())
    assert not is_choice("Z", OFFERED)
    assert selected("c", ()) == "C"
    assert selected("c) 15", ()) is None


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("\\boxed{C}, which is a prime", "correct"),
        ("A prime has no divisors, so the answer is C, which is a prime.", "correct"),
        ("Answer: C", "correct"),
        ("**Answer: (C) 23**", "correct"),
        ("The correct answer is 23.", "correct"),
        ("So, option C is correct, and A is a product.", "correct"),
        ("It cannot be A.\n\n(C)", "correct"),
        ("\\boxed{23}", "correct"),
        ("\\boxed{\\text{C) }23}", "correct"),
        ("\\boxed{A}", "wrong"),
        ("\\boxed{15}", "wrong"),
        ("\\boxed{A \\text{ or } C}", "wrong"),
        ("\\boxed{A} or \\boxed{C}", "wrong"),
        ("The answer is B. C is wrong.", "wrong"),
        ("C is a letter. I do not know, A is another", "wrong"),
        ("\\boxed{24}", "wrong"),
    ],
)
@pytest.mark.parametrize("domain", ["science", "puzzle", "maths"])
def test_choices_are_judged_by_what_is_taken(text: str, verdict: str, domain: str) -> None:
    assert judge(Case(domain, "C", None, text, Mode.LENIENT, OFFERED), GRADERS).verdict == verdict


def test_a_reference_may_be_the_options_text() -> None:
    assert judge(Case("science", "23", None, "\\boxed{C}", Mode.STRICT, OFFERED), GRADERS).verdict == "correct"
    assert judge(Case("science", "23", None, "\\boxed{B}", Mode.STRICT, OFFERED), GRADERS).verdict == "wrong"


@UNHURRIED
@given(st.text(max_size=200))
def test_any_text_is_read_as_question_and_answer_without_an_exception(text: str) -> None:
    assert selected(text, OFFERED) in {"", "A", "B", "C", "D", None}
    offered = options(text)
    assert [letter for letter, _ in offered] == [chr(ord("A") + place) for place in range(len(offered))]


@pytest.mark.parametrize(
    "text", ["A) " * 30_000, "(A" * 30_000, "$" * 50_000, "**" * 30_000, "A. B. C. " * 10_000, "\\text{" * 9000]
)
def test_nothing_takes_long_to_read(text: str) -> None:
    before = time.process_time()
    options(text)
    selected(text, OFFERED)
    assert time.process_time() - before < 2
