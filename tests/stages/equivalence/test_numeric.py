import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.stages.equivalence.latex import tidy
from skyassets.stages.equivalence.numeric import differ, value

UNHURRIED = settings(deadline=None)

LEAF = st.one_of(st.integers(1, 20).map(str), st.sampled_from(["x", "y", "\\pi", "\\sqrt{3}"]))
FORMULA = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "\\cdot "]), inner).map(lambda three: f"({''.join(three)})"),
        st.tuples(inner, inner).map(lambda two: f"\\frac{{{two[0]}}}{{{two[1]}}}"),
        inner.map(lambda one: f"({one})^{{2}}"),
    ),
    max_leaves=6,
)


@UNHURRIED
@given(FORMULA, FORMULA)
def test_the_same_sum_in_another_order_never_differs(one: str, other: str) -> None:
    for left, right in ((f"{one}+{other}", f"{other}+{one}"), (f"{one}({other}+1)", f"{one}\\cdot {other}+{one}")):
        assert not differ(tidy(left), tidy(right))


@UNHURRIED
@given(FORMULA)
def test_one_more_is_another_value(formula: str) -> None:
    result = value(tidy(formula))
    if result is not None and abs(result) < 1000:
        assert differ(tidy(f"{formula}+1"), tidy(formula))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("(x+1)^2", "x^2+2x+1"),
        ("\\sqrt{117}", "3\\sqrt{13}"),
        ("\\frac{1}{\\sqrt{2}}", "\\frac{\\sqrt{2}}{2}"),
        ("\\sin^2(x)+\\cos^2(x)", "1"),
        ("\\log_2(8)", "3"),
        ("e^{2x}", "(e^x)^2"),
        ("\\sqrt{-4}", "2i"),
        ("(1+i)^2", "2i"),
        ("\\sqrt[3]{8}", "2"),
        ("\\sqrt[3]{2-x}", "-\\sqrt[3]{x-2}"),
        ("\\frac{270}7", "\\frac{270}{7}"),
        ("\\frac{x+1}{2}", "(x+1)/2"),
        ("2\\frac{1}{2}", "2.5"),
        ("1/2x", "\\frac{x}{2}"),
        ("\\sin 2x", "2\\sin(x)\\cos(x)"),
        ("x=5", "5"),
        ("\\pi", "3.14"),
    ],
)
def test_equals_never_differ(one: str, other: str) -> None:
    assert not differ(tidy(one), tidy(other))


@pytest.mark.parametrize(
    "text", ["", "x=5", "5!", "\\int x", "__import__('os')", "2\\frac12", "9^{9^{9^{9}}}", "(1,2)", "10^{999}"]
)
def test_text_that_is_not_a_plain_formula_has_no_value(text: str) -> None:
    assert value(text) is None


@UNHURRIED
@given(st.text(alphabet="0123456789xyi+-*/^(){}[]_. \\fracsqtpnl"))
def test_any_text_is_evaluated_without_an_exception(text: str) -> None:
    value(text)


@pytest.mark.parametrize(
    "text", ["(" * 300, "{" * 300, "-" * 300, "2^" * 150, "\\frac" * 60, "x" * 300, "\\sqrt[" * 40]
)
def test_no_text_takes_long_to_evaluate(text: str) -> None:
    before = time.process_time()
    value(text)
    assert time.process_time() - before < 0.5
