import string
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.stages.equivalence.compare import same
from skyassets.stages.extraction.final_answer import lenient_answer, strict_answer
from skyassets.stages.extraction.trace_format import (
    BEGIN_SOLUTION,
    BEGIN_THOUGHT,
    END_SOLUTION,
    END_THOUGHT,
    Structured,
    join,
)

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
def test_any_text_is_read_without_an_exception(text: str) -> None:
    for domain in ("maths", "puzzle", "science"):
        lenient_answer(text, domain)
    strict_answer(text)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("so \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"),
        ("\\boxed{\\{1, 2\\}}", "\\{1, 2\\}"),
        ("\\fbox{3}", "3"),
        ("\\boxed{1} and then \\boxed{2", None),
        ("\\boxed{\\boxed{7}}", "\\boxed{7}"),
        ("I put it in \\boxed{}: \\boxed{4}. Is \\boxed{ } all right?", "4"),
        ("} \\boxed{5} {", "5"),
        ("The answer is 5.", None),
        ("\\boxed{", None),
        ("\\boxed 5", "5"),
        ("\\boxed 12.5", "12.5"),
        ("\\boxed B.", "B"),
        ("use \\boxed commands", None),
        ("(a) \\boxed{3}\n(b) \\boxed{5}", "(a) 3, (b) 5"),
        ("(a) It is \\boxed{1}, no, \\boxed{3}.\n\nPart (b): long\n so \\boxed{5}", "(a) 3, (b) 5"),
        ("Neither (a) nor (b): \\boxed{5}", "5"),
        ("(a) nothing\n(b) \\boxed{5}", "5"),
        ("\\boxed{C}, which is a prime", "C"),
        ("$x = \\boxed{1}$ or $\\boxed{2}$", "1, 2"),
        ("\\boxed{1}, \\boxed{2} \\text{ and } \\boxed{3}", "1, 2, 3"),
        ("so \\boxed{4}, and once more, \\boxed{4}", "4"),
        ("\\boxed{3}, and \\boxed{3}", "3"),
        ("first \\boxed{1}. Then \\boxed{2}", "2"),
        ("\\boxed{\\text{if } \\boxed{2}}", "\\text{if } \\boxed{2}"),
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
        ("the answer is 5 * 24 = 120 seconds", "120 seconds"),
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
def test_the_lenient_answer_outside_maths_may_be_a_word_or_a_choice(text: str, answer: str | None) -> None:
    assert lenient_answer(text, "puzzle") == answer


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
    strict_answer(text)
    lenient_answer(text, "maths")
    lenient_answer(text, "puzzle")
    assert time.process_time() - before < 2


CHANGED = [
    "minus 5", "negative 5", "5 million", "5 hundred", "5 squared", "5 cubed", "twice 5", "half of 5", "sqrt(5)",
    "log 5", "less than 5", "at least 5", "between 5 and 6", "5 or maybe 7", "5 to 7", "either 3 or 5", "not 5", "5x",
    "about 5", "5 dozen", "5 tenths", "5 below zero", "the square of 5", "the reciprocal of 5", "5!", "2**5", "3 * 5",
    "minus $5$", "$5$ million", "between $5$ and $6$", "$x=2$ or $x=5$", "x = 2 and y = 5", "3, 4, 5", "5:2", "5 mod 3",
]  # fmt: skip


@pytest.mark.parametrize("changed", CHANGED)
@pytest.mark.parametrize(
    "form",
    ["The answer is {}.", "Final answer: {}", "So it is {}.", "Thus we get {}", "Therefore x = {}", "**Answer:** {}"],
)
@pytest.mark.parametrize("domain", ["maths", "puzzle"])
def test_a_number_that_its_sentence_changes_is_never_extracted(changed: str, form: str, domain: str) -> None:
    answer = lenient_answer(form.format(changed), domain)
    assert answer is not None
    assert same(answer, "5") is not True


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("The answer is 5? No.", "5"),
        ("It is not true that the answer is 5.", "5"),
        ("Half the answer is 5.", "5"),
        ("The answer is 5. Wait, no, it is 6.", "5"),
        ("So it is the last digit of 5.", "5"),
        ("Thus we get a loss of 5", "5"),
        ("If the answer is 5 we lose.", "5"),
        ("It cannot be 5", "5"),
        ("The answer is 6, since $x = 5$.", "5"),
        ("The answer is 6. Note $x=5$.", "5"),
        ("so x = \\frac{1}{5}", "5"),
        ("It costs 3.5", "5"),
        ("It is -5", "5"),
        ("The answer is not 'apple'.", "apple"),
        ("It is surely not apple", "apple"),
        ("The answer is the word right before apple", "apple"),
    ],
)
@pytest.mark.parametrize("domain", ["maths", "puzzle"])
def test_a_denied_value_or_one_of_something_else_is_not_the_answer(text: str, refused: str, domain: str) -> None:
    assert lenient_answer(text, domain) != refused


@pytest.mark.parametrize(
    "text",
    [
        "6 times 9 is 54.",
        "6 times 9 = 54",
        "27 plus 27 equals 54.",
        "Thus, $6 \\times 9 = 54$.",
        "The answer is 54, because 6 times 9 is 54.",
        "The answer is the number 54.",
        "The final answer is **54**.",
        "**Answer:** 54",
        "- The answer is 54",
        "Awesome! The answer is: 54",
        "The sum of 50 and 4 is 54.",
        "The largest of them is 54.",
    ],
)
@pytest.mark.parametrize("domain", ["maths", "puzzle"])
def test_a_plainly_stated_number_is_still_taken(text: str, domain: str) -> None:
    assert lenient_answer(text, domain) == "54"


def test_a_known_unit_is_kept_and_a_counted_noun_is_not() -> None:
    assert lenient_answer("The answer is 5 cm.", "maths") == "5 cm"
    assert lenient_answer("The answer is 5 pears.", "maths") == "5"


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("The correct option is (C).", "C"),
        ("The correct choice is **C**.", "C"),
        ("So the right option is C, as it is a prime.", "C"),
        ("The correct option is not (C).", None),
        ("The correct option is (C) or (D).", None),
        ("The correct option is a mystery.", None),
    ],
)
def test_the_correct_option_may_be_named_in_a_sentence(text: str, letter: str | None) -> None:
    assert lenient_answer(text, "choice") == letter


@pytest.mark.parametrize(
    ("text", "kind", "answer"),
    [
        ("The answer is C, which is a prime.", "choice", "C, which is a prime"),
        ("A prime has two divisors.\n\n**C**", "choice", "C"),
        ("So option B is the correct one.", "choice", "B"),
        ("A prime is B or C", "choice", None),
        ("The answer is (8 - 2) * 4 = 24.", "scored", "(8 - 2) * 4 = 24"),
        ("I order them so:\n\nAnn, Bob, Cy, Dan", "scored", "Ann, Bob, Cy, Dan"),
    ],
)
def test_a_choice_or_a_scored_answer_is_taken_whole(text: str, kind: str, answer: str | None) -> None:
    assert lenient_answer(text, kind) == answer
