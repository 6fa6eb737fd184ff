import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.stages.equivalence.arithmetic import arithmetic
from skyassets.stages.equivalence.scorers import is_scored, right_answer, score, scored, unusable

UNHURRIED = settings(deadline=None)

TWENTY_FOUR = scored("countdown", {"numbers": [2, 4, 8], "target": 24}, "(8 - 2) * 4")
SOME = scored("countdown", {"numbers": [2, 4, 8], "target": 10, "all": False}, "2 + 8")
SUM = scored("subset_sum", {"numbers": [3, 5, 5, 9], "target": 10}, "5, 5")
ORDER = scored("ordering", {"items": ["Ann", "Bob", "Cy"], "before": [["Ann", "Cy"]]}, "Ann, Bob, Cy")
WAY = scored("path", {"edges": [["A", "B"], ["B", "D"], ["A", "C"], ["C", "D"]], "start": "A", "end": "D"}, "A, B, D")

RIGHT = [
    (TWENTY_FOUR, "(8-2)*4"),
    (TWENTY_FOUR, "4 \\times (8 - 2)"),
    (TWENTY_FOUR, "$4 \\cdot \\left(8 - 2\\right)$"),
    (TWENTY_FOUR, "(8 - 2) × 4 = 24"),
    (TWENTY_FOUR, "4(8-2)"),
    (TWENTY_FOUR, "-(2-8)*4"),
    (TWENTY_FOUR, "4*[8-2]"),
    (scored("countdown", {"numbers": [8, 3, 8, 3], "target": 24}, "8/(3-8/3)"), "\\frac{8}{3 - \\frac{8}{3}}"),
    (SOME, "8+2"),
    (SUM, "5 + 5 = 10"),
    (SUM, "\\{5, 5\\}"),
    (ORDER, "bob, ann, cy"),
    (ORDER, "Ann -> Bob -> Cy"),
    (ORDER, "\\text{Ann}, \\text{Cy}, \\text{Bob}"),
    (ORDER, "Ann, Bob, and Cy."),
    (WAY, "A \\to C \\to D"),
    (WAY, "(A, B, D)"),
]

WRONG = [
    (TWENTY_FOUR, "24"),
    (TWENTY_FOUR, "4*8-8"),
    (TWENTY_FOUR, "4*6"),
    (TWENTY_FOUR, "8*(4-2)"),
    (TWENTY_FOUR, "(8-2)*4 = 25"),
    (TWENTY_FOUR, "2*(8+4)*1"),
    (TWENTY_FOUR, "(8-2)*4*4/4"),
    (TWENTY_FOUR, "8+4^2"),
    (TWENTY_FOUR, "(8-2)**4"),
    (TWENTY_FOUR, "24/0"),
    (TWENTY_FOUR, "__import__('os').getpid()"),
    (TWENTY_FOUR, ""),
    (SOME, "8+2+2-2"),
    (SUM, "5+3+2"),
    (SUM, "5, 5, 5"),
    (SUM, "5 + 5 = 11"),
    (SUM, ""),
    (ORDER, "Cy, Bob, Ann"),
    (ORDER, "Ann, Bob"),
    (ORDER, "Ann, Bob, Cy, Ann"),
    (ORDER, "Cy < Ann < Bob"),
    (WAY, "A, D"),
    (WAY, "A, B"),
    (WAY, "A, C, B, D"),
    (WAY, ""),
]


@pytest.mark.parametrize(("gold", "answer"), RIGHT)
def test_any_right_answer_is_right(gold: str, answer: str) -> None:
    assert score(gold, answer) is True


@pytest.mark.parametrize(("gold", "answer"), WRONG)
def test_an_answer_that_breaks_a_rule_is_wrong(gold: str, answer: str) -> None:
    assert score(gold, answer) is False


@pytest.mark.parametrize("gold", [TWENTY_FOUR, SOME, SUM, ORDER, WAY])
def test_a_scored_gold_is_right_by_its_own_example(gold: str) -> None:
    example = right_answer(gold)
    assert example is not None
    assert is_scored(gold)
    assert score(gold, example) is True


def test_any_other_gold_is_its_own_right_answer() -> None:
    assert not is_scored("24")
    assert right_answer("24") == "24"


@pytest.mark.parametrize(
    "gold",
    [
        "scorer:",
        "scorer:nobody {}",
        "scorer:countdown",
        "scorer:countdown {}",
        "scorer:countdown {oops}",
        'scorer:countdown {"numbers": "12", "target": 24}',
        'scorer:countdown {"numbers": [1], "target": true}',
        'scorer:ordering {"items": ["a"], "before": [["a", "b"]]}',
        "scorer:path " + '{"edges": ' + "[" * 50_000 + "}",
    ],
)
def test_an_unusable_gold_is_reported(gold: str) -> None:
    assert isinstance(score(gold, "a"), str)


def test_an_overlong_answer_is_not_read_and_none_takes_long() -> None:
    assert score(TWENTY_FOUR, "1+" * 100_000 + "1") == "ungradable: longer than 2000 characters"
    before = time.process_time()
    for answer in ("(" * 1999, "1+" * 999, "\\frac{1}{" * 199, "-" * 1999, "9" * 1999, "a," * 999):
        for gold in (TWENTY_FOUR, SUM, ORDER, WAY):
            assert score(gold, answer) is False
    assert time.process_time() - before < 1


LEAF = st.integers(0, 99).map(str)
EXPRESSION = st.recursive(
    LEAF, lambda inner: st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda three: f"({''.join(three)})")
)


@UNHURRIED
@given(EXPRESSION)
def test_arithmetic_agrees_with_python(text: str) -> None:
    exact = "".join(f"F({part})" if part.isdigit() else part for part in _split(text))
    try:
        wanted = eval(exact, {"F": Fraction})
    except ZeroDivisionError:
        wanted = None
    result = arithmetic(text)
    assert (result and result.value) == wanted or len(text) > 500


def _split(text: str) -> list[str]:
    parts, digits = [], ""
    for letter in text:
        if letter.isdigit():
            digits += letter
            continue
        parts += [digits, letter] if digits else [letter]
        digits = ""
    return [*parts, digits] if digits else parts


@UNHURRIED
@given(st.text(), st.sampled_from([TWENTY_FOUR, SOME, SUM, ORDER, WAY]))
def test_any_text_is_scored_without_an_exception(answer: str, gold: str) -> None:
    assert score(gold, answer) in {True, False}


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ('scorer:nope {"example": "1"}', "names no scorer: 'nope'"),
        ("scorer:countdown {numbers: 1}", "facts are no JSON"),
        ('scorer:countdown {"numbers": [1], "target": 1}', "no example"),
        ("scorer:countdown", "is no 'scorer:NAME"),
    ],
)
def test_a_reference_that_scores_nothing_says_why(reference: str, reason: str) -> None:
    assert reason in str(unusable(reference))


def test_a_plain_reference_has_no_scorer_to_be_wrong() -> None:
    assert unusable("42") is None
