import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.grading.outputs import PLAIN, Rules, same_output, same_value

WORDS = st.lists(st.lists(st.text("ab01.-+eE", min_size=1, max_size=6), min_size=1, max_size=4), max_size=5)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=9,
)
EXACT = Rules(floats=0, blank_lines=True)
LOOSE = Rules(floats=1e-4)
ANY_CASE = Rules(any_case=True)
WRAPPED = Rules(wrapped=True)


@given(WORDS)
def test_white_space_around_words_and_lines_is_free(lines: list[list[str]]) -> None:
    plain, airy = "\n".join(map(" ".join, lines)), "\n\n".join("  ".join(line) + " \r" for line in lines) + "\n\n"
    assert same_output(airy, plain)
    assert same_output(plain, airy)


@given(WORDS, WORDS)
def test_fewer_lines_are_never_the_wanted_ones(lines: list[list[str]], more: list[list[str]]) -> None:
    if more:
        short, long = "\n".join(map(" ".join, lines)), "\n".join(map(" ".join, [*lines, *more]))
        assert not same_output(short, long)
        assert not same_output(long, short)


@given(st.integers(), st.integers())
def test_whole_numbers_are_compared_exactly_with_any_tolerance(got: int, wanted: int) -> None:
    for rules in (PLAIN, EXACT, LOOSE):
        assert same_output(str(got), str(wanted), rules) is (got == wanted)
        assert same_value(json.dumps(got), json.dumps(wanted), rules) is (got == wanted)


@given(VALUES)
def test_every_value_equals_itself(value: object) -> None:
    assert same_value(json.dumps(value), json.dumps(value))


@given(st.text(), st.text())
def test_any_texts_are_compared_without_an_exception(got: str, wanted: str) -> None:
    for rules in (PLAIN, EXACT, LOOSE, ANY_CASE, WRAPPED):
        same_output(got, wanted, rules)
        same_value(got, wanted, rules)


@pytest.mark.parametrize(
    ("got", "wanted", "alike"),
    [
        ("1 2 \n3\n\n", "1 2\n3", True),
        ("1  2", "1 2", True),
        ("1\n\n2", "1\n2", True),
        ("\n1", "1", True),
        ("1\n2", "1 2", False),
        ("1", "1\n2\n3", False),
        ("1\n2\n3\n4", "1\n2\n3", False),
        ("", "1", False),
        ("1", "", False),
        ("", "", True),
        ("YES", "Yes", False),
        ("0.5", "0.50", True),
        ("0.3333333", "0.33333333", True),
        ("0.5", "0.6", False),
        ("5", "5.0", True),
        ("5.0", "5", False),
        ("1e0", "1", False),
        ("1e-05", "0.00001", True),
        ("1e18", "1000000000000000000.0", True),
        ("1000001.00", "1000000.00", False),
        ("1000000.000001", "1000000.0", True),
        ("3.14159", "3.14", False),
        ("1_0.5", "10.5", False),
        ("٣.5", "3.5", False),
        ("nan", "1.5", False),
        ("inf", "1.5", False),
        ("1e999", "1.5", False),
        ("1.5", "1e999", False),
        ("-0.0", "0.0", True),
        ("007", "7", False),
        ("+7", "7", False),
        (f"1{'0' * 5000}", f"1{'0' * 5000}", True),
        (f"1{'0' * 4999}1", f"1{'0' * 5000}", False),
        ("9007199254740993", "9007199254740992", False),
        ("1 2 3", "1 2", False),
        ("x", "1.5", False),
        ("1.5.2", "1.5", False),
    ],
)
def test_printed_lines_are_compared_word_by_word(got: str, wanted: str, alike: bool) -> None:
    assert same_output(got, wanted) is alike


@pytest.mark.parametrize(
    ("got", "wanted", "rules", "alike"),
    [
        ("0.30000000000000004", "0.3", PLAIN, True),
        ("0.30000000000000004", "0.3", EXACT, False),
        ("0.30", "0.3", EXACT, True),
        ("5.0", "5", EXACT, True),
        ("1\n\n2", "1\n2", EXACT, False),
        ("1e99999999999999999999", "1.5", EXACT, False),
        ("0.30001", "0.3", LOOSE, True),
        ("0.3002", "0.3", LOOSE, False),
        ("5.00004", "5", LOOSE, True),
        ("10000.9", "10000.0", LOOSE, True),
        ("100001", "100000", LOOSE, False),
        ("yEs\nNO", "YES\nno", ANY_CASE, True),
        ("yes no", "yes", ANY_CASE, False),
        ("yess", "YES", ANY_CASE, False),
    ],
)
def test_a_problem_may_have_its_own_tolerances(got: str, wanted: str, rules: Rules, alike: bool) -> None:
    assert same_output(got, wanted, rules) is alike


@pytest.mark.parametrize(
    ("got", "wanted", "alike"),
    [
        ("[1, [2]]", "[1, [2]]", True),
        ("1.0", "1", True),
        ("1", "1.0", True),
        ("0.9999999999", "1", False),
        ("0.9999999999", "1.0", True),
        ("0.30000000000000004", "0.3", True),
        ("0.301", "0.3", False),
        ("1000001", "1000000", False),
        ("1000001.0", "1000000.0", False),
        ("1e300", "1" + "0" * 4000, False),
        ("1" + "0" * 400, "1.5", False),
        ("1" + "0" * 4400, "1.5", False),
        ("NaN", "NaN", True),
        ("NaN", "1", False),
        ("NaN", "1.5", False),
        ("Infinity", "Infinity", True),
        ("Infinity", "1.5", False),
        ("1.5", "Infinity", False),
        ("true", "1", False),
        ("0", "false", False),
        ("true", "true", True),
        ('"1"', "1", False),
        ("null", "0", False),
        ("null", "null", True),
        ('"a"', '["a"]', False),
        ("[]", "null", False),
        ('{"a": 1.0}', '{"a": 1}', True),
        ('{"a": 1}', '{"a": 1, "b": 2}', False),
        ("[1, 2]", "[1]", False),
        ("[1, 2]", "[2, 1]", False),
        ("", "1", False),
        ("no json", "1", False),
        ("[" * 99999, "1", False),
    ],
)
def test_values_are_compared_as_json(got: str, wanted: str, alike: bool) -> None:
    assert same_value(got, wanted) is alike


@pytest.mark.parametrize(
    ("got", "wanted", "alike"),
    [("3", "[3]", True), ("[3]", "[3]", True), ("[[3]]", "[3]", False), ("1", "[1, 2]", False), ("3", "[[3]]", False)],
)
def test_an_expected_list_of_one_may_equal_its_element(got: str, wanted: str, alike: bool) -> None:
    assert same_value(got, wanted, WRAPPED) is alike


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_as_close_however_it_is_written(value: float) -> None:
    assert same_output(repr(value), repr(value))
    assert same_output(f"{value:.12e}", repr(value)) or math.isinf(float(f"{value:.12e}"))
