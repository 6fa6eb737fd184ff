import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.grading.outputs import Rules
from skyassets.stages.grading.test_cases import Cases, read_cases

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
NAMES = st.sampled_from(
    ["fn_name", "inputs", "outputs", "check", "names", "prelude", "epilogue", "floats", "any_case", "wrapped"]
)


def read(**parts: object) -> Cases | str:
    return read_cases(json.dumps(parts))


@given(st.dictionaries(NAMES, JSON) | JSON)
def test_any_json_is_read_as_cases_or_an_error(parts: object) -> None:
    cases = read_cases(json.dumps(parts))
    assert isinstance(cases, str) or len(cases) > 0


@given(st.text())
def test_any_text_is_read_without_an_exception(text: str) -> None:
    read_cases(text)


@pytest.mark.parametrize("text", [None, "", "  ", "{}"])
def test_missing_tests_are_reported_as_such(text: str | None) -> None:
    assert read_cases(text) == "no tests"


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"fn_name": "f", "inputs": [], "outputs": []}, "no tests"),
        ({"fn_name": "f", "inputs": [[1]], "outputs": []}, "the tests cannot be read: 1 inputs for 0 outputs"),
        (
            {"fn_name": "f", "inputs": [1], "outputs": [1]},
            "the tests cannot be read: an input of a function is no list of arguments",
        ),
        ({"inputs": [[1]], "outputs": ["1"]}, "the tests cannot be read: an input or output of a script is no text"),
        ({"inputs": ["1"], "outputs": [1]}, "the tests cannot be read: an input or output of a script is no text"),
        ({"fn_name": 3, "inputs": [[1]], "outputs": [1]}, "the tests cannot be read: fn_name is of the wrong kind"),
        ({"check": "assert f()"}, "the tests cannot be read: a check names no function that it calls"),
        ({"check": [1], "names": ["f"]}, "the tests cannot be read: check is of the wrong kind"),
        ({"check": "assert f()", "names": "f"}, "the tests cannot be read: inputs, outputs, check and names are lists"),
        ({"inputs": [""], "outputs": [""], "floats": -1}, "the tests cannot be read: floats is of the wrong kind"),
        ({"inputs": [""], "outputs": [""], "floats": True}, "the tests cannot be read: floats is of the wrong kind"),
        ({"inputs": [""], "outputs": [""], "any_case": 1}, "the tests cannot be read: any_case is of the wrong kind"),
    ],
)
def test_unsound_tests_say_what_is_wrong_with_them(parts: dict[str, object], reason: str) -> None:
    assert read(**parts) == reason


@pytest.mark.parametrize("text", ["no json", "[" * 99_999, "[]", "3", "null"])
def test_tests_that_are_not_an_object_are_reported_as_such(text: str) -> None:
    assert str(read_cases(text)).startswith("the tests cannot be read: they are no ")


def test_calls_are_json_and_scripts_are_text() -> None:
    calls, scripts = (
        read(fn_name="f", inputs=[[1, "x"]], outputs=[[2]]),
        read(fn_name=None, inputs=["1"], outputs=["2"]),
    )
    assert calls == Cases("f", ('[1, "x"]',), ("[2]",))
    assert scripts == Cases("", ("1",), ("2",))


def test_a_check_may_be_one_or_several() -> None:
    one, several = read(check="assert f()", names=["f"]), read(check=["assert f()", "assert not f(1)"], names=["f"])
    assert isinstance(one, Cases)
    assert isinstance(several, Cases)
    assert (one.checks, len(one)) == (("assert f()",), 1)
    assert len(several) == 2


def test_tolerances_are_read_with_the_tests() -> None:
    cases = read(inputs=[""], outputs=["1"], floats=1e-4, any_case=True)
    assert isinstance(cases, Cases)
    assert cases.rules == Rules(floats=1e-4, any_case=True)


def test_a_check_that_asserts_nothing_is_no_test() -> None:
    for check in ("f(1)", ["f(1)", "print(f(2))"], "def check(g):\n    return g(1) == 2\ncheck(f)"):
        assert str(read(check=check, names=["f"])).startswith("no tests: they assert nothing")
    assert isinstance(read(check=["f(1)", "assert f(2)"], names=["f"]), Cases)
    assert isinstance(read(check="near(f(1), 2)", prelude="def near(a, b): assert a == b", names=["f"]), Cases)


def test_tests_that_contradict_each_other_are_unusable() -> None:
    assert "contradict" in str(read(inputs=["1", "2", "1"], outputs=["a", "b", "c"]))
    assert "contradict" in str(read(fn_name="f", inputs=[[1], [1]], outputs=[2, 3]))
    assert isinstance(read(inputs=["1", "1"], outputs=["a", "a \n"]), Cases)
    assert isinstance(read(inputs=["1", "1"], outputs=["0.30000001", "0.3"]), Cases)
    assert isinstance(read(fn_name="f", inputs=[[1], [1]], outputs=[2, 2.0]), Cases)


@pytest.mark.parametrize(
    "tests", [{"inputs": ["5", "6"], "outputs": ["", "\n"]}, {"fn_name": "f", "inputs": [[1]], "outputs": [None]}]
)
def test_tests_that_expect_no_output_are_unusable(tests: dict[str, object]) -> None:
    cases = read(**tests)
    assert isinstance(cases, str)
    assert "every wanted output is empty" in cases


def test_one_empty_output_among_others_is_a_test() -> None:
    assert isinstance(read(inputs=["5", "6"], outputs=["", "1"]), Cases)
