import json

import pytest
from stages.replay import Replay

from skyassets.core.ports import AnswerComparator, Judgement, Limits, Program, ProgramRun, RunKind, Verdict
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.programs import judge_code, with_test_code
from skyassets.stages.grading.test_cases import read_cases


class NoServing:
    """Compares no answers."""

    name = "nobody"

    def equal(self, answer: str, gold: str) -> bool | None:
        raise AssertionError


NO_COMPARATOR: AnswerComparator = NoServing()
CALLS = json.dumps({"fn_name": "f", "inputs": [[1], [2], [3]], "outputs": [1, 4, 9]})
STDIN = json.dumps({"inputs": ["1\n", "2\n", "3\n"], "outputs": ["1\n", "4\n", "9\n"]})
CHECKS = json.dumps({"check": ["assert f(1) == 1", "assert f(2) == 4", "assert f(3) == 9"], "names": ["f"]})
RIGHT = {CALLS: ("1", "4", "9"), STDIN: ("1\n", "4 \n\n", "9"), CHECKS: ("passed",) * 3}
WRONG = {CALLS: "5", STDIN: "5\n", CHECKS: "failed"}
BAD_ENDS = [kind for kind in RunKind if kind not in {RunKind.FINISHED, RunKind.SANDBOX_ERROR}]


def fenced(code: str) -> str:
    return f"So:\n```python\n{code}\n```\n"


def finished(*outputs: str) -> list[ProgramRun]:
    return [ProgramRun(RunKind.FINISHED, output) for output in outputs]


def judged(tests: str | None, *runs: ProgramRun, text: str = fenced("..."), mode: Mode = Mode.STRICT) -> Judgement:
    return judge_code(tests, text, mode, Graders(Replay(*runs), NO_COMPARATOR, Limits()))


def outcome(
    tests: str | None, *runs: ProgramRun, text: str = fenced("..."), mode: Mode = Mode.STRICT
) -> tuple[str, str]:
    result = judged(tests, *runs, text=text, mode=mode)
    return result.verdict, result.reason


def programs(tests: str, code: str, *runs: ProgramRun) -> list[Program]:
    sandbox = Replay(*runs)
    judge_code(tests, fenced(code), Mode.STRICT, Graders(sandbox, NO_COMPARATOR, Limits()))
    return sandbox.programs


@pytest.mark.parametrize("tests", RIGHT)
def test_all_tests_passed_is_correct(tests: str) -> None:
    result = judged(tests, *finished(*RIGHT[tests]))
    assert (result.verdict, result.reason) == ("correct", "all 3 tests passed")
    assert result.tests == ("passed",) * 3


@pytest.mark.parametrize("tests", RIGHT)
def test_one_wrong_answer_is_wrong_and_the_rest_is_not_run(tests: str) -> None:
    result = judged(tests, *finished(RIGHT[tests][0], WRONG[tests]))
    assert (result.verdict, result.reason) == ("wrong", "test 2 of 3: wrong answer")
    assert result.tests == ("passed", "wrong answer", "not run")


@pytest.mark.parametrize("kind", BAD_ENDS)
@pytest.mark.parametrize("tests", RIGHT)
def test_a_bad_ending_is_wrong_with_any_output(tests: str, kind: RunKind) -> None:
    for output in ("", RIGHT[tests][0]):
        result = judged(tests, ProgramRun(kind, output))
        assert (result.verdict, result.reason) == ("wrong", f"test 1 of 3: {kind}")
        assert result.tests == (kind.value, "not run", "not run")


@pytest.mark.parametrize("tests", RIGHT)
def test_a_failing_sandbox_is_unjudged(tests: str) -> None:
    result = judged(tests, *finished(RIGHT[tests][0]), ProgramRun(RunKind.SANDBOX_ERROR, "", "no room"))
    assert (result.verdict, result.reason) == ("unjudged", "sandbox error: no room")
    assert result.tests == ("passed", "sandbox error", "not run")


@pytest.mark.parametrize("output", ["", "-1", "-2", "true", "null", "[]", "[1]", '"1"', "-1\n1", "1\n4\n9"])
def test_a_missing_or_negative_result_is_never_a_pass(output: str) -> None:
    assert outcome(CALLS, *finished(output))[0] == "wrong"
    assert outcome(STDIN, *finished(output.replace("1\n4\n9", "4")))[0] == "wrong"


@pytest.mark.parametrize("output", ["", "passed\n", "Passed", "true", "passed passed", "ok"])
def test_a_check_that_says_neither_is_unjudged(output: str) -> None:
    assert outcome(CHECKS, *finished(output)) == ("unjudged", "sandbox error: a check came to nothing")


def test_calls_and_checks_may_be_combined() -> None:
    tests = json.dumps(json.loads(CALLS) | json.loads(CHECKS))
    assert outcome(tests, *finished(*RIGHT[CALLS], *RIGHT[CHECKS])) == ("correct", "all 6 tests passed")
    assert outcome(tests, *finished(*RIGHT[CALLS], "failed")) == ("wrong", "test 4 of 6: wrong answer")


def test_every_test_is_a_run_of_its_own() -> None:
    assert [one.stdin for one in programs(STDIN, "x", *finished(*RIGHT[STDIN]))] == ["1\n", "2\n", "3\n"]
    assert [(one.call, one.arguments) for one in programs(CALLS, "x", *finished(*RIGHT[CALLS]))] == [
        ("f", "[1]"),
        ("f", "[2]"),
        ("f", "[3]"),
    ]


def test_a_check_never_travels_with_the_program() -> None:
    for one in programs(CHECKS, "def f(x): return x * x", *finished(*RIGHT[CHECKS])):
        assert "assert" not in one.source
        assert "def f" not in one.check
        assert one.names == ("f",)


@pytest.mark.parametrize("tests", [None, "", " ", "{}", "[]", "no json"])
def test_without_sound_tests_a_program_is_unjudged(tests: str | None) -> None:
    assert outcome(tests)[0] == "unjudged"


def test_code_in_another_form_is_wrong_when_read_strictly() -> None:
    two = fenced("def f(x): return x") + fenced("print(f(1))")
    assert outcome(CALLS, text=two) == ("wrong", "not exactly one block of code")
    assert judged(CALLS, text=two).tests == ("not run",) * 3
    assert outcome(CALLS, *finished(*RIGHT[CALLS]), text=two, mode=Mode.LENIENT)[0] == "correct"
    assert outcome(CALLS, text="I would rather not.", mode=Mode.LENIENT) == ("wrong", "no code found")


def test_the_code_is_kept_as_evidence_without_what_the_tests_put_around_it() -> None:
    tests = json.dumps(json.loads(CALLS) | {"prelude": "import math", "epilogue": "x = 1"})
    result = judged(tests, *finished(*RIGHT[CALLS]), text=fenced("def f(x): return x * x"))
    assert result.answer == "def f(x): return x * x\n"
    assert result.verdict is Verdict.CORRECT


@pytest.mark.parametrize(
    ("code", "whole"),
    [
        ("a = 1", "P\na = 1\nE"),
        ("from __future__ import annotations\na = 1", "from __future__ import annotations\nP\na = 1\nE"),
        ('"""D."""\nfrom __future__ import (\n  x)\na', '"""D."""\nfrom __future__ import (\n  x)\nP\na\nE'),
        ("s = '''\nfrom __future__ import x\n'''", "P\ns = '''\nfrom __future__ import x\n'''\nE"),
        ("from __future__ import (", "P\nfrom __future__ import (\nE"),
    ],
)  # fmt: skip
def test_code_around_a_program_keeps_future_imports_first(code: str, whole: str) -> None:
    cases = read_cases(json.dumps({"inputs": [""], "outputs": ["1"], "prelude": "P", "epilogue": "E"}))
    assert not isinstance(cases, str)
    assert with_test_code(code, cases) == whole


def test_a_program_without_added_code_runs_unchanged() -> None:
    code = 'text = """\n  \n"""\nprint(text)'
    assert {one.source for one in programs(STDIN, code, *finished(*RIGHT[STDIN]))} == {f"{code}\n"}
