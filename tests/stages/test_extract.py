import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.stages.extract import lenient_answer, lenient_code, strict_answer, strict_code
from skyassets.stages.structure import BEGIN_SOLUTION, BEGIN_THOUGHT, END_SOLUTION, END_THOUGHT, Structured, join

UNHURRIED = settings(deadline=None)

LETTERS = st.text(string.ascii_letters + string.digits + " +-=^_,.()[]", max_size=12)
BALANCED = st.recursive(
    LETTERS,
    lambda inner: st.lists(st.one_of(inner, inner.map(lambda text: "{" + text + "}"), st.just("\\{"))).map("".join),
    max_leaves=8,
)
PROSE = st.text(string.ascii_letters + " .,\n$", max_size=40)
FILLED = BALANCED.map(str.strip).filter(bool)


@UNHURRIED
@given(PROSE, FILLED, PROSE)
def test_a_box_gives_back_what_was_put_in(before: str, answer: str, after: str) -> None:
    text = f"{before}\\boxed{{{answer}}}{after}"
    assert strict_answer(text) == answer
    assert lenient_answer(text, "maths") == answer


@UNHURRIED
@given(FILLED, FILLED)
def test_the_last_box_wins(first: str, last: str) -> None:
    assert strict_answer(f"\\boxed{{{first}}} or rather \\boxed {{{last}}}") == last


@UNHURRIED
@given(PROSE, FILLED)
def test_only_the_solution_is_read_where_there_is_one(thought: str, answer: str) -> None:
    parts = Structured(f"{thought} \\boxed{{wrong}} 1", f"It is \\boxed{{{answer}}}.")
    assert strict_answer(join(parts)) == answer
    assert lenient_answer(join(parts), "puzzle") == answer


@UNHURRIED
@given(st.text())
def test_no_text_is_too_strange_to_read(text: str) -> None:
    for domain in ("maths", "puzzle", "science"):
        lenient_answer(text, domain)
    strict_answer(text)
    strict_code(text)
    lenient_code(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("so \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"),
        ("\\boxed{\\{1, 2\\}}", "\\{1, 2\\}"),
        ("\\fbox{3}", "3"),
        ("\\boxed{1} and then \\boxed{2", "1"),
        ("\\boxed{\\boxed{7}}", "\\boxed{7}"),
        ("I put it in \\boxed{}: \\boxed{4}. Is \\boxed{ } all right?", "4"),
        ("} \\boxed{5} {", "5"),
        ("The answer is 5.", None),
        ("\\boxed{", None),
        ("\\boxed 5", None),
        ("", None),
        ("<think>it is \\boxed{3}</think> So \\boxed{4}", "4"),
        ("it is \\boxed{3}</think> So \\boxed{4}", "4"),
        ("<think>it is \\boxed{3}</think> So four.", None),
        ("<think>it is \\boxed{3}", None),
        ("<think>a</think> \\boxed{3} <think> wait", None),
        (f"{BEGIN_THOUGHT} \\boxed{{3}}", None),
        (f"{BEGIN_THOUGHT} a {END_THOUGHT} \\boxed{{3}}", None),
        (f"{BEGIN_THOUGHT} a {END_THOUGHT} {BEGIN_SOLUTION} \\boxed{{3}}", "3"),
        (f"{BEGIN_SOLUTION} \\boxed{{3}} {END_SOLUTION}", None),
        (f"{BEGIN_THOUGHT} a {END_THOUGHT} {BEGIN_SOLUTION} 3 {END_SOLUTION} \\boxed{{3}}", None),
    ],
)
def test_the_strict_answer_is_the_solutions_last_balanced_box(text: str, answer: str | None) -> None:
    assert strict_answer(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("3 + 4 = 7. So we get 7", "7"),
        ("The answer is 12 apples.", "12"),
        ("The answer is **12**. I am sure, 100%.", "12"),
        ("Final answer: $\\frac{1}{2}$.", "\\frac{1}{2}"),
        ("The answer is \\(x^2\\), for 3 reasons.", "x^2"),
        ("The answer is 3 + 4 = 7.", "7"),
        ("The answer is 3.5.", "3.5"),
        ("the answer is 5 * 24 = 120 seconds", "120"),
        ("It costs $1,200.50.", "$1,200.50"),
        ("It falls by -5", "-5"),
        ("in 2024, half of it is 1/2", "1/2"),
        ("\\boxed{3} is the answer, I said on page 4", "3"),
        ("<think>it may be 3, no, 4", "4"),
        ("no idea", None),
        ("", None),
    ],
)
def test_the_lenient_answer_in_maths_is_the_last_thing_stated(text: str, answer: str | None) -> None:
    assert lenient_answer(text, "maths") == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The last word is apple.", "apple"),
        ('The answer is "apple".', "apple"),
        ("The answer is the word 'apple', of course.", "apple"),
        ("Answer: **banana**!", "banana"),
        ("The largest of them is 7.", "7"),
        ("The answer is New York City.", "New York City"),
        ("The answer is (C) 15", "C"),
        ("The answer is C, which is a prime.", "C"),
        ("\\boxed{C}, which is a prime", "C"),
        ("...", None),
    ],
)
def test_the_lenient_answer_elsewhere_may_be_a_word_or_a_choice(text: str, answer: str | None) -> None:
    assert lenient_answer(text, "puzzle") == answer


ONE = "Here:\n```python\nprint(1)\n```\nDone."
TWO = "```python\ndef f():\n    return 1\n```\nUse it so:\n```\nprint(f())\n```\n"


def test_strict_code_is_exactly_one_block() -> None:
    assert strict_code(ONE) == "print(1)\n"
    assert strict_code(TWO) is None
    assert strict_code("print(1)") is None
    assert strict_code("```python\nprint(1)") is None
    assert strict_code("```python\n\n```") is None


def test_strict_code_stands_in_the_solution() -> None:
    assert strict_code(join(Structured("First ```x``` then\n```\n1\n```", ONE))) == "print(1)\n"
    assert strict_code(join(Structured(ONE, "It is above."))) is None
    assert strict_code(f"<think>{ONE}") is None


def test_indented_blocks_are_moved_to_the_left() -> None:
    assert strict_code("1. So:\n   ```python\n   if 1:\n       print(1)\n   ```") == "if 1:\n    print(1)\n"


def test_lenient_code_is_the_last_block_that_defines_something() -> None:
    assert lenient_code(TWO) == "def f():\n    return 1\n"
    assert lenient_code("```\n1\n```\n```\n2\n```") == "2\n"
    assert lenient_code("```python\nprint(1)") == "print(1)"


def test_lenient_code_is_the_whole_text_only_when_it_is_python() -> None:
    assert lenient_code("print(1)\n") == "print(1)\n"
    assert lenient_code("Sorry, I cannot do that.") is None
    assert lenient_code("") is None


@pytest.mark.parametrize(
    "text",
    [
        "\\boxed{" * 50_000,
        "}" * 50_000 + "\\boxed{" * 50_000,
        "answer is " * 20_000,
        "answer:" + "\n" * 100_000,
        "the answer is " + "\\(" * 50_000,
        "**" * 50_000,
        "a-" * 50_000,
        "1," * 50_000,
        "1" * 100_000,
        "```\n" * 30_000,
        "(" * 100_000,
        "'" * 100_000,
    ],
)
def test_no_text_takes_long_to_read(text: str) -> None:
    before = time.process_time()
    for read in (strict_answer, strict_code, lenient_code):
        read(text)
    lenient_answer(text, "maths")
    lenient_answer(text, "puzzle")
    assert time.process_time() - before < 2
