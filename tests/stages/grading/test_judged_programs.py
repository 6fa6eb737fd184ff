"""Programs as models write them, judged in the real sandbox: none that is wrong passes, none that is right fails."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import pytest
from stages import right_programs, wrong_programs

from skyassets.core.ports import Judgement, Limits
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.engines.sandbox.bubblewrap import Bubblewrap
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.programs import judge_code
from skyassets.stages.problems.layouts import LIBRARY

BIG = 2**53 + 1
SCRIPT = {
    "inputs": ["3\n1 2 3\n", f"2\n-5 {BIG}\n", "1\n0"],
    "outputs": ["2\n4\n6\n", f"-10\n{2 * BIG}\n", "0\n"],
}
CALL = {"fn_name": "f", "inputs": [[[1, 2, 3]], [[]], [[-2]], [[10**9 + 1]]], "outputs": [14, 0, 4, (10**9 + 1) ** 2]}
CHECK = {
    "check": ["assert f([1, 2, 3]) == 14", f"assert f([]) == 0\nassert f([-2]) == 4 and f([{BIG}]) == {BIG} ** 2"],
    "names": ["f"],
}
SITE_CALL = CALL | {"prelude": LIBRARY}

RIGHT = [
    *product(["script"], [SCRIPT], right_programs.SCRIPTS.items()),
    *product(["call"], [CALL], {**right_programs.FUNCTIONS, **right_programs.METHODS}.items()),
    *product(["check"], [CHECK], right_programs.FUNCTIONS.items()),
    *product(["site's call"], [SITE_CALL], {**right_programs.METHODS, **right_programs.TAKEN_FOR_GRANTED}.items()),
]
WRONG = [
    *product(["script"], [SCRIPT], {**wrong_programs.ANYTHING, **wrong_programs.SCRIPTS}.items()),
    *product(["call"], [CALL], {**wrong_programs.ANYTHING, **wrong_programs.FUNCTIONS}.items()),
    *product(["check"], [CHECK], {**wrong_programs.ANYTHING, **wrong_programs.FUNCTIONS}.items()),
]
Item = tuple[str, dict[str, object], tuple[str, str]]


@pytest.fixture(scope="module")
def graders() -> Graders:
    return Graders(Bubblewrap(), MathVerify(), Limits(seconds=2.0, memory_mb=256, output_kb=256))


def judged(graders: Graders, item: Item) -> Judgement:
    _, tests, (_, source) = item
    return judge_code(json.dumps(tests), f"So:\n```python\n{source}\n```\n", Mode.STRICT, graders)


def all_judged(graders: Graders, items: list[Item]) -> dict[str, Judgement]:
    with ThreadPoolExecutor(2) as pool:
        judgements = pool.map(lambda item: judged(graders, item), items)
        return {f"{kind}: {name}": result for (kind, _, (name, _)), result in zip(items, judgements, strict=True)}


def test_there_are_enough_right_and_wrong_programs() -> None:
    assert len(RIGHT) > 60
    assert len(WRONG) > 60


def test_no_right_program_fails(graders: Graders) -> None:
    result = all_judged(graders, RIGHT)
    assert {name: one.reason for name, one in result.items() if one.verdict != "correct"} == {}
    assert all(set(one.tests) == {"passed"} for one in result.values())


def test_no_wrong_program_passes_and_none_stops_the_grader(graders: Graders) -> None:
    result = all_judged(graders, WRONG)
    assert {name: one.reason for name, one in result.items() if one.verdict != "wrong"} == {}
    assert all("passed" not in one.tests[-1:] and len(one.tests) in {0, 2, 3, 4} for one in result.values())


def test_a_sites_imports_are_missing_without_that_site(graders: Graders) -> None:
    result = all_judged(graders, list(product(["call"], [CALL], right_programs.TAKEN_FOR_GRANTED.items())))
    right = {name for name, one in result.items() if one.verdict == "correct"}
    assert right == {"call: a power", "call: its own random"}


def test_a_test_cannot_spend_the_time_of_the_next(graders: Graders) -> None:
    slow = ("slow", "import time\ntime.sleep(1.2)\nprint(2)")
    assert judged(graders, ("", {"inputs": [""] * 3, "outputs": ["2"] * 3}, slow)).tests == ("passed",) * 3


def test_each_ending_is_reported_by_its_name(graders: Graders) -> None:
    endings = {
        "pass": "wrong answer",
        "print(": "does not compile",
        "print(2); 1 / 0": "runtime error",
        "print(2, flush=True)\nwhile True: pass": "time limit",
        "x = bytearray(1 << 31)": "memory limit",
        "print('2' * (1 << 19))": "output limit",
    }
    tests: dict[str, object] = {"inputs": ["", ""], "outputs": ["2", "2"]}
    result = {source: judged(graders, ("", tests, ("", source))).tests for source in endings}
    assert result == {source: (ending, "not run") for source, ending in endings.items()}


def test_much_output_within_the_limit_is_read_to_its_end(graders: Graders) -> None:
    wanted = "\n".join(map(str, range(30_000)))
    tests: dict[str, object] = {"inputs": [""], "outputs": [wanted]}
    assert judged(graders, ("", tests, ("", "for i in range(30_000): print(i)"))).verdict == "correct"
    assert judged(graders, ("", tests, ("", "for i in range(29_999): print(i)"))).verdict == "wrong"
