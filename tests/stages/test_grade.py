import json

import pytest

from skyassets.core.ports import Limits, Program, Run, RunKind, Verdict
from skyassets.engines.bubblewrap import Bubblewrap
from skyassets.stages.cases import same_output, same_value
from skyassets.stages.grade import judge
from skyassets.stages.graders import Graders, Mode
from skyassets.stages.structure import Structured, join


class Replay:
    """A sandbox that has seen it all before."""

    name = "replay"

    def __init__(self, *runs: Run) -> None:
        self.runs = list(runs)
        self.programs: list[Program] = []

    def run(self, program: Program, limits: Limits) -> Run:
        self.programs.append(program)
        return self.runs.pop(0)


class Oracle:
    """A comparison with one answer to everything."""

    name = "oracle"

    def __init__(self, answer: bool | None) -> None:
        self.answer = answer

    def equal(self, answer: str, gold: str) -> bool | None:
        return self.answer


NEVER = Replay()


def graders(sandbox: Replay | Bubblewrap = NEVER, told: bool | None = None) -> Graders:
    return Graders(sandbox, Oracle(told), Limits(seconds=2.0, memory_mb=128, output_kb=256))


def answer(text: str, gold: str | None, mode: Mode = Mode.STRICT, told: bool | None = None) -> tuple[str, str, str]:
    found = judge("maths", gold, None, text, mode, graders(told=told))
    return found.verdict, found.reason, found.backend


def written(fn_name: str | None, inputs: list[object], outputs: list[object]) -> str:
    return json.dumps({"fn_name": fn_name, "inputs": inputs, "outputs": outputs})


def fenced(code: str) -> str:
    return f"So:\n```python\n{code}\n```\n"


# Answers


def test_a_boxed_answer_that_equals_the_reference_is_correct() -> None:
    assert answer("It is \\boxed{0.5}.", "1/2") == ("correct", "equals the reference", "exact")


def test_a_boxed_answer_that_differs_is_wrong() -> None:
    assert answer("It is \\boxed{3}, not 4.", "4") == ("wrong", "differs from the reference", "exact")


def test_algebra_decides_what_reading_does_not() -> None:
    assert answer("\\boxed{2x}", "x+x", told=True) == ("correct", "equals the reference", "oracle")
    assert answer("\\boxed{2x}", "x+y", told=False) == ("wrong", "differs from the reference", "oracle")


def test_silence_is_unjudged_never_wrong() -> None:
    assert answer("\\boxed{2x}", "x+x", told="time limit") == ("unjudged", "time limit", "oracle")


@pytest.mark.parametrize("gold", [None, "", "  "])
def test_without_a_reference_nobody_can_tell(gold: str | None) -> None:
    assert answer("\\boxed{1}", gold)[:2] == ("unjudged", "no reference answer")


def test_a_right_answer_in_another_form_is_wrong_when_read_strictly() -> None:
    assert answer("The answer is 4.", "4")[:2] == ("wrong", "no boxed answer")
    assert answer("The answer is 4.", "4", Mode.LENIENT)[0] == "correct"


def test_a_text_without_any_answer_is_wrong_even_read_leniently() -> None:
    assert answer("I do not know.", "4", Mode.LENIENT)[:2] == ("wrong", "no answer found")


def test_the_answer_that_was_read_is_kept_as_evidence() -> None:
    assert judge("maths", "4", None, "\\boxed{ 4. }", Mode.STRICT, graders()).answer == "4."


def test_a_thought_is_not_the_answer() -> None:
    assert answer(join(Structured("Is it \\boxed{4}?", "It is \\boxed{5}.")), "4")[0] == "wrong"


@pytest.mark.parametrize(
    ("domain", "gold", "text", "verdict"),
    [
        ("puzzle", "apple", "The last word is Apple.", "correct"),
        ("puzzle", "apple", "The last word is pear.", "wrong"),
        ("puzzle", "17", "The largest is 17.", "correct"),
        ("science", "A", "\\boxed{C}, which is a prime", "wrong"),
        ("science", "C", "The answer is (C), as a catalyst is no reagent.", "correct"),
    ],
)
def test_puzzles_and_choices_are_judged_alike(domain: str, gold: str, text: str, verdict: str) -> None:
    assert judge(domain, gold, None, text, Mode.LENIENT, graders()).verdict == verdict


# Code, against a sandbox that is told what to say


CALLS = written("f", [[1], [2]], [1, 4])
STDIN = written(None, ["1\n", "2\n"], ["1\n", "4\n"])


def code(tests: str | None, *runs: Run, text: str = fenced("..."), mode: Mode = Mode.STRICT) -> tuple[str, str]:
    found = judge("code", None, tests, text, mode, graders(Replay(*runs)))
    return found.verdict, found.reason


def test_all_calls_right_is_correct() -> None:
    assert code(CALLS, Run(RunKind.FINISHED, ("1", "4"))) == ("correct", "all 2 tests passed")


def test_one_call_wrong_is_wrong() -> None:
    assert code(CALLS, Run(RunKind.FINISHED, ("1", "5"))) == ("wrong", "test 2 of 2: wrong output")


@pytest.mark.parametrize("outputs", [(), ("1",)])
def test_a_missing_result_is_never_a_pass(outputs: tuple[str, ...]) -> None:
    number = len(outputs) + 1
    assert code(CALLS, Run(RunKind.FINISHED, outputs)) == ("wrong", f"test {number} of 2: no result")


def test_results_beside_a_crash_are_never_a_pass() -> None:
    assert code(CALLS, Run(RunKind.RUNTIME_ERROR, ("1", "4")))[0] == "wrong"


@pytest.mark.parametrize("kind", [kind for kind in RunKind if kind not in {RunKind.FINISHED, RunKind.SANDBOX_ERROR}])
@pytest.mark.parametrize("tests", [CALLS, STDIN])
def test_every_bad_ending_is_wrong_and_named(tests: str, kind: RunKind) -> None:
    assert code(tests, Run(kind, ())) == ("wrong", f"test 1 of 2: {kind}")


@pytest.mark.parametrize("tests", [CALLS, STDIN])
def test_a_failing_sandbox_is_unjudged(tests: str) -> None:
    assert code(tests, Run(RunKind.SANDBOX_ERROR, (), "no room")) == ("unjudged", "sandbox error: no room")


def test_every_input_of_a_script_is_a_run_of_its_own() -> None:
    sandbox = Replay(Run(RunKind.FINISHED, ("1 \n",)), Run(RunKind.FINISHED, ("4\n\n",)))
    assert judge("code", None, STDIN, fenced("x"), Mode.STRICT, graders(sandbox)).verdict is Verdict.CORRECT
    assert [program.stdin for program in sandbox.programs] == ["1\n", "2\n"]


def test_a_script_stops_at_its_first_failure() -> None:
    assert code(STDIN, Run(RunKind.FINISHED, ("2\n",))) == ("wrong", "test 1 of 2: wrong output")


@pytest.mark.parametrize(
    "tests",
    [
        None,
        "",
        "{}",
        "[]",
        "3",
        "no json",
        "[" * 9999,
        written("f", [], []),
        written("f", [[1]], []),
        written("f", [1], [1]),
        written(None, [[1]], ["1"]),
        written(None, ["1"], [1]),
        json.dumps({"fn_name": 3, "inputs": [[1]], "outputs": [1]}),
    ],
)
def test_without_sound_tests_nobody_can_tell(tests: str | None) -> None:
    assert code(tests)[0] == "unjudged"


def test_code_in_another_form_is_wrong_when_read_strictly() -> None:
    two = fenced("def f(x): return x") + fenced("print(f(1))")
    assert code(CALLS, text=two) == ("wrong", "not exactly one block of code")
    assert code(CALLS, Run(RunKind.FINISHED, ("1", "4")), text=two, mode=Mode.LENIENT)[0] == "correct"
    assert code(CALLS, text="I would rather not.", mode=Mode.LENIENT) == ("wrong", "no code found")


@pytest.mark.parametrize(
    ("got", "wanted", "alike"),
    [
        ("[1, [2]]", "[1, [2]]", True),
        ("1.0", "1", True),
        ("0.30000000000000004", "0.3", True),
        ("0.301", "0.3", False),
        ("1000001", "1000000", False),
        ("1e300", "1" + "0" * 4000, False),
        ("NaN", "NaN", True),
        ("NaN", "1", False),
        ("Infinity", "Infinity", True),
        ("true", "1", False),
        ("0", "false", False),
        ("true", "true", True),
        ('"1"', "1", False),
        ("null", "0", False),
        ('{"a": 1.0}', '{"a": 1}', True),
        ('{"a": 1}', '{"a": 1, "b": 2}', False),
        ("[1, 2]", "[1]", False),
        ("no json", "1", False),
        ("[" * 99999, "1", False),
    ],
)
def test_values_are_compared_as_json(got: str, wanted: str, alike: bool) -> None:
    assert same_value(got, wanted) is alike


@pytest.mark.parametrize(
    ("got", "wanted", "alike"),
    [
        ("1 2 \n3\n\n", "1 2\n3", True),
        ("1  2", "1 2", True),
        ("1\n2", "1 2", False),
        ("\n1", "1", False),
        ("YES", "Yes", False),
        ("0.5", "0.50", True),
        ("0.3333333", "0.33333333", True),
        ("0.5", "0.6", False),
        ("5", "5.0", True),
        ("5.0", "5", False),
        ("1 2 3", "1 2", False),
        ("", "", True),
        ("x", "1.5", False),
    ],
)
def test_printed_lines_are_compared_word_by_word(got: str, wanted: str, alike: bool) -> None:
    assert same_output(got, wanted) is alike


# Code, for real


@pytest.fixture(scope="module")
def real() -> Graders:
    return graders(Bubblewrap())


SQUARE = written("f", [[2], [-3]], [4, 9])
SQUARE_STDIN = written(None, ["2\n", "-3\n"], ["4\n", "9\n"])


@pytest.mark.parametrize(
    ("tests", "source"),
    [
        (SQUARE, "def f(x):\n    return x * x"),
        (SQUARE, "class Solution:\n    def f(self, x: int) -> int:\n        return x ** 2"),
        (SQUARE, "import functools\n# cached (fast)\n@functools.cache\ndef f(x): return x * x"),
        (SQUARE, "f = lambda x: x * x\nif __name__ == '__main__':\n    print(f(int(input())))"),
        (SQUARE_STDIN, "def main():\n    print(int(input()) ** 2)\nif __name__ == '__main__':\n    main()"),
        (SQUARE_STDIN, "import sys\nprint(int(sys.stdin.buffer.read()) ** 2)\nsys.exit()"),
    ],
)
def test_right_code_is_correct(real: Graders, tests: str, source: str) -> None:
    found = judge("code", None, tests, fenced(source), Mode.STRICT, real)
    assert (found.verdict, found.reason) == ("correct", "all 2 tests passed")
    assert found.backend.startswith("bubblewrap")


@pytest.mark.parametrize(
    "source",
    [
        "def f(x) return x * x",
        "Here is the code you asked for!",
        "def f(x): return np.square(x)",
        "import numpy_of_my_own\ndef f(x): return x * x",
        "def f(x): raise ValueError",
        "def f(x):\n    while True: pass",
        "while True: pass",
        "def f(x): return str(x * x)",
        "def f(x): return [x * x]",
        "def f(x): return 4",
        "def f(x): return None",
        "def g(x): return x * x",
        "def f(x):\n    import os\n    os._exit(0)",
        "raise SystemExit(0)",
        "print(4)\nprint(9)\nimport os; os._exit(0)",
        "class Right(int):\n    __eq__ = lambda self, other: True\ndef f(x): return Right(7)",
        "import builtins, json\njson.dumps = lambda *a: 'true'\nbuiltins.all = lambda *a: True\ndef f(x): return 0",
        "import os, sys\nfor fd in range(1, 50):\n  try: os.write(fd, b'true\\n')\n  except OSError: pass\nos._exit(0)",
        "",
    ],
)
@pytest.mark.parametrize("tests", [SQUARE, SQUARE_STDIN])
def test_broken_code_is_never_correct(real: Graders, tests: str, source: str) -> None:
    assert judge("code", None, tests, fenced(source), Mode.STRICT, real).verdict is Verdict.WRONG
