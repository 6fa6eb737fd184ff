import base64
import json
import pickle
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.errors import RecipeError
from skyassets.stages.grading.outputs import Rules
from skyassets.stages.grading.test_cases import Cases, read_cases
from skyassets.stages.problems.layouts import LIBRARY, TESTS, canonical_tests, reference_solutions
from skyassets.stages.problems.row_fields import MalformedRowError

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
COLUMNS = st.sampled_from(
    [
        *("input_output", "solutions", "question", "public_test_cases", "private_test_cases", "metadata", "test"),
        *("prompt", "entry_point", "test_list", "test_imports", "test_setup_code", "code", "tests", "public_tests"),
    ]
)


def packed(value: object) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(value))).decode()


def cases(layout: str, row: dict[str, object]) -> Cases:
    tests = read_cases(canonical_tests(layout, row))
    assert isinstance(tests, Cases), tests
    return tests


def apps(question: str = "", **parts: object) -> dict[str, object]:
    return {"question": question, "input_output": json.dumps(parts)}


def lcb(kind: str, *tests: tuple[str, str], metadata: object = "{}") -> dict[str, object]:
    entries = [{"input": given, "output": wanted, "testtype": kind} for given, wanted in tests]
    return {
        "public_test_cases": json.dumps(entries[:1]),
        "private_test_cases": packed(json.dumps(entries[1:])),
        "metadata": metadata,
    }


@given(st.sampled_from(sorted(TESTS)), st.dictionaries(COLUMNS, ANYTHING | ANYTHING.map(json.dumps)))
def test_a_row_is_read_or_says_why_not(layout: str, row: dict[str, object]) -> None:
    reference_solutions(layout, row)
    try:
        tests = canonical_tests(layout, row)
    except MalformedRowError as error:
        kind, colon, details = str(error).partition(": ")
    else:
        kind, colon, details = str(read_cases(tests)), ":", "read"
    assert all((kind, colon, details))


def test_an_unknown_layout_is_a_mistake_of_the_recipe() -> None:
    for read in (canonical_tests, reference_solutions):
        with pytest.raises(RecipeError, match=r"'leetcode'.*'apps'"):
            read("leetcode", {})


# APPS and TACO


@pytest.mark.parametrize("layout", ["apps", "taco"])
def test_lines_of_a_script_may_be_lists(layout: str) -> None:
    row = apps(inputs=["1 2\n", ["3", "4 5"], [6, 7]], outputs=["3\n", ["9"], 13])
    assert cases(layout, row) == Cases("", ("1 2\n", "3\n4 5", "6\n7"), ("3\n", "9", "13"))


def test_calls_have_what_their_site_imports() -> None:
    tests = cases("apps", apps(fn_name="add", inputs=[[1, 2], [3, 4]], outputs=[3, 7]))
    assert (tests.function, tests.inputs, tests.outputs) == ("add", ("[1, 2]", "[3, 4]"), ("3", "7"))
    assert tests.prelude == LIBRARY
    assert not tests.rules.wrapped


def test_only_outputs_that_are_all_lists_of_one_may_equal_their_elements() -> None:
    assert cases("taco", apps(fn_name="f", inputs=[[1], [2]], outputs=[[3], [[4]]])).rules.wrapped
    assert not cases("taco", apps(fn_name="f", inputs=[[1], [2]], outputs=[[3], [4, 5]])).rules.wrapped


def test_tolerances_of_the_question_are_part_of_the_tests() -> None:
    question = "Print the mean. Your answer may have an absolute error of at most 10^{-4}."
    assert cases("apps", apps(question, inputs=[""], outputs=["1.5"])).rules == Rules(floats=1e-4)
    assert cases("apps", apps(question, fn_name="f", inputs=[[1]], outputs=[1.5])).rules == Rules(floats=1e-4)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({}, "the tests are laid out otherwise: input_output: no object"),
        ({"input_output": ""}, "the tests are laid out otherwise: input_output: no JSON that can be read"),
        ({"input_output": "[" * 99_999}, "the tests are laid out otherwise: input_output: no JSON that can be read"),
        (
            {"input_output": '{"fn_name": "f", "inputs": [[' + "9" * 5000 + ']], "outputs": [1]}'},
            "the tests are laid out otherwise: input_output: no JSON that can be read",
        ),
        (apps(inputs="1", outputs=["1"]), "the tests are laid out otherwise: inputs: no list"),
        (apps(inputs=[None], outputs=["1"]), "an input or output is no text: NoneType"),
        (apps(inputs=[True], outputs=["1"]), "an input or output is no text: bool"),
        (
            apps(fn_name="f(", inputs=[[1]], outputs=[1]),
            "the tests are laid out otherwise: the function's name: no name",
        ),
        (
            apps(fn_name="f", inputs=[[{"1": 2}]], outputs=[1]),
            "the tests cannot be said in JSON: an argument maps whole numbers",
        ),
    ],
)
def test_a_malformed_row_of_apps_says_why(row: dict[str, object], reason: str) -> None:
    with pytest.raises(MalformedRowError) as raised:
        canonical_tests("apps", row)
    assert str(raised.value).startswith(reason)


def test_solutions_are_a_list_in_json() -> None:
    assert reference_solutions("apps", {"solutions": '["a", "", "b"]'}) == ["a", "b"]
    assert reference_solutions("taco", {"solutions": ["a", None, "b"]}) == ["a", "b"]
    for unreadable in (None, "", "no json", "3", "{}", "[" * 99_999):
        assert reference_solutions("apps", {"solutions": unreadable}) == []


# LiveCodeBench


def test_public_and_private_tests_are_one_list() -> None:
    tests = cases("livecodebench", lcb("stdin", ("1\n", "2\n"), ("3\n", "6\n")))
    assert (tests.function, tests.inputs, tests.outputs) == ("", ("1\n", "3\n"), ("2\n", "6\n"))
    assert tests.rules == Rules(floats=0, blank_lines=True)


def test_private_tests_may_be_plain_json() -> None:
    row = lcb("stdin", ("1\n", "2\n")) | {"private_test_cases": '[{"input": "5", "output": "10", "testtype": "stdin"}]'}
    assert cases("livecodebench", row).inputs == ("1\n", "5")


def test_arguments_of_functions_are_a_line_of_json_each() -> None:
    row = lcb("functional", ('[1, 2]\n"x"\n', "[3]"), ("[]\n null", "null"), metadata='{"func_name": "solve"}')
    tests = cases("livecodebench", row)
    assert tests.function == "solve"
    assert tests.inputs == ('[[1, 2], "x"]', "[[], null]")
    assert tests.outputs == ("[3]", "null")


def test_the_first_version_packs_all_of_them() -> None:
    tests = {"inputs": ["[1]\n2", "[3]\n4"], "outputs": ["3", "7"], "fn_name": "f"}
    row = {"test": packed({"input_output": json.dumps(tests)})}
    assert cases("livecodebench", row).inputs == ("[[1], 2]", "[[3], 4]")
    assert reference_solutions("livecodebench", row | {"canonical_solution": "exit()"}) == []


@pytest.mark.parametrize(
    "row",
    [
        lcb("functional", ("1", "2")),
        lcb("functional", ("1", "2"), metadata="no json"),
        lcb("functional", ("no json", "2"), metadata='{"func_name": "f"}'),
        lcb("interactive", ("1", "2")),
        lcb("stdin", ("1", "2")) | {"private_test_cases": "no base 64"},
        lcb("stdin", ("1", "2")) | {"private_test_cases": packed(print)},
        {"test": "no base 64"},
    ],
)
def test_a_malformed_row_of_livecodebench_says_why(row: dict[str, object]) -> None:
    with pytest.raises(MalformedRowError, match="the tests are laid out otherwise: "):
        canonical_tests("livecodebench", row)


# HumanEval, MBPP, CodeContests


def test_a_prompt_has_the_imports_and_helpers_of_a_check() -> None:
    prompt = 'import math\n\ndef half(x):\n    return x / 2\n\ndef f(x):\n    """Twice."""\n'
    test = "def check(candidate):\n    assert candidate(half(4)) == 4\n"
    row = {"prompt": prompt, "test": test, "entry_point": "f", "canonical_solution": "    return 2 * x\n"}
    tests = cases("humaneval", row)
    assert tests.prelude == "import math\n\ndef half(x):\n    return x / 2"
    assert tests.checks == (f"{test}\n\ncheck(f)\n",)
    assert tests.names == ("f",)
    assert reference_solutions("humaneval", row) == [prompt + "    return 2 * x\n"]


def test_each_assertion_is_a_test() -> None:
    row = {
        "test_list": ["assert f(1) == 2", "assert math.isclose(f(2), 4)"],
        "test_setup_code": "",
        "test_imports": ["import math"],
        "challenge_test_list": ["assert f(3) == 7"],
        "code": "def f(x): return 2 * x",
    }
    tests = cases("mbpp", row)
    assert len(tests.checks) == 2
    assert tests.names == ("f",)
    assert reference_solutions("mbpp", row) == ["def f(x): return 2 * x"]


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"test_list": None},
        {"test_list": [1]},
        {"test_list": ["assert f("]},
        {"test_list": ["assert 1 == 1"]},
        {"test_list": []},
        {"prompt": "def g(): ...", "test": "def check(c): ...", "entry_point": "f"},
    ],
)
@pytest.mark.parametrize("layout", ["mbpp", "humaneval"])
def test_a_malformed_row_of_assertions_says_why(layout: str, row: dict[str, object]) -> None:
    with pytest.raises(MalformedRowError, match=r": "):
        canonical_tests(layout, row)


def test_one_source_with_all_inputs_calls_the_programs_function() -> None:
    test = (
        "import numpy as np\n\ndef near(out, wanted):\n    np.testing.assert_allclose(out, wanted)\n\n"
        "given = [[1], [2]]\nresults = [2, 4]\n"
        "for one, wanted in zip(given, results):\n    near(double(*one), wanted)\n"
    )
    tests = cases("mbpp_plus", {"test": test, "code": "def double(n): return 2 * n"})
    assert (tests.names, len(tests.checks)) == (("double",), 1)
    assert reference_solutions("mbpp_plus", {"code": "x"}) == ["x"]
    with pytest.raises(MalformedRowError):
        canonical_tests("mbpp_plus", {"test_list": ["assert f(1)"]})


def test_tests_of_all_kinds_count_and_python_3_is_a_number() -> None:
    row = {
        "description": "You can print each letter in any case (upper or lower).",
        "public_tests": {"input": ["1\n"], "output": ["YES\n"]},
        "private_tests": {"input": [], "output": []},
        "generated_tests": {"input": ["2\n"], "output": ["NO\n"]},
        "solutions": {"language": [2, 3, 1], "solution": ["int main() {}", "print(1)", "print 1"]},
    }
    tests = cases("code_contests", row)
    assert (tests.inputs, tests.outputs) == (("1\n", "2\n"), ("YES\n", "NO\n"))
    assert tests.rules == Rules(any_case=True)
    assert reference_solutions("code_contests", row) == ["print(1)"]
    assert cases("code_contests", {"tests": {"inputs": ["1"], "outputs": ["2"]}}).inputs == ("1",)
    assert reference_solutions("code_contests", {}) == []
