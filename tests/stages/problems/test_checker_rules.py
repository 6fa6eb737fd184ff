import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.problems.checker_rules import any_case, tolerance


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        ("It is right if its absolute or relative error does not exceed 10^{-6}.", 1e-6),
        ("It is right if its absolute or relative error is at most 10^-4.", 1e-4),
        ("The relative error must be below $10^{-9}$.", 1e-9),
        ("An absolute error of 1e-5 is fine.", 1e-5),
        ("The absolute error should be less than 0.001.", 1e-3),
        ("A relative error of 10−6 is allowed.", 1e-6),
        ("The absolute difference of your answer and the jury's should not exceed 10^-6;", 1e-6),
        ("Print the answer with a relative precision of at least 10 ** -7.", 1e-7),
        ("Print the smallest absolute difference. The numbers are up to 10^9.", None),
        ("The sum of their absolute values cannot exceed 10^9.", None),
        ("Answers within 10^-5 of the actual value are accepted as correct.", 1e-5),
        ("The answer lies within 10^5 of it.", None),
        ("There is an error. Subtract 10^{-6} from it.", None),
        ("Print the number of relatives.", None),
        ("", None),
    ],
)
def test_the_tolerance_of_a_statement_is_read(statement: str, error: float | None) -> None:
    assert tolerance(statement) == error


@pytest.mark.parametrize(
    ("statement", "free"),
    [
        ("You can print each letter in any case (upper or lower).", True),
        ("You may output the answer in any case (for example, yEs and YES are the same).", True),
        ("The output is case insensitive.", True),
        ("Print YES (case-insensitive) or NO.", True),
        ("You can print each letter in any register.", True),
        ('You can print "YES" and "NO" in any case (upper or lower).', True),
        ("Each character of the output may be printed in any case.", True),
        ("In any case, print the answer YES or NO.", False),
        ("Print YES or NO in any case.", False),
        ("In any case print the number of moves.", False),
        ("In any case, print the letters of the word.", False),
        ("In any case print the letters of the word.", False),
        ("Print each letter in any case, upper or lower.", True),
        ("Print the answer for each test case.", False),
        ("The strings are compared case-insensitively by the king. Print the number of pairs.", False),
        ("Print in upper case.", False),
        ("The string has lowercase or uppercase letters.", False),
        ("", False),
    ],
)
def test_whether_upper_and_lower_case_are_alike_is_read(statement: str, free: bool) -> None:
    assert any_case(statement) is free


@given(st.text())
def test_any_statement_is_read_without_an_exception(statement: str) -> None:
    tolerance(statement)
    any_case(statement)


@pytest.mark.parametrize("text", ["absolute error " * 20_000, "error 10" * 30_000, "in any " * 30_000, ". " * 99_999])
def test_no_statement_takes_long_to_read(text: str) -> None:
    before = time.process_time()
    tolerance(text)
    any_case(text)
    assert time.process_time() - before < 2
