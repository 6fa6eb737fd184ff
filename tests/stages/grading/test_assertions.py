import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.grading.assertions import asserts_nothing


@pytest.mark.parametrize(
    "source",
    [
        "f(1)",
        "print(f(1) == 2)",
        "def check(candidate):\n    return candidate(1) == 2\n\ncheck(f)",
        "def check(candidate):\n    pass\n\ncheck(f)",
        "def check(candidate):\n    assert candidate(1) == 2",
        "class T:\n    def test(self):\n        assert f(1) == 2",
        "METADATA = {'a': 1}",
        "# assert f(1) == 2",
        "'assert f(1) == 2'",
    ],
)
def test_tests_that_no_program_fails_assert_nothing(source: str) -> None:
    assert asserts_nothing(source)


@pytest.mark.parametrize(
    "source",
    [
        "assert f(1) == 2",
        "for x in (1, 2):\n    if f(x) != x: raise ValueError",
        "def check(candidate):\n    assert candidate(1) == 2\n\ncheck(f)",
        "import numpy as np\nnp.testing.assert_allclose(f(1), 2)",
        "def near(a, b): assert abs(a - b) < 1\ndef check(g): near(g(1), 2)\ncheck(f)",
        "import unittest\nclass T(unittest.TestCase):\n    def test(self): self.assertEqual(f(1), 2)\nunittest.main()",
        "class T:\n    def run(self): assert f(1)\nT().run()",
        "import sys\nif f(1) != 2: sys.exit(1)",
        "assertion(f(1), 2)",
        "assert f(:",
    ],
)
def test_tests_that_some_program_fails_assert_something(source: str) -> None:
    assert not asserts_nothing(source)


@given(st.text())
def test_any_text_is_read(source: str) -> None:
    asserts_nothing(source)
