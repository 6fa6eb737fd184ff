"""References are checked first: a problem that its own reference fails is set aside with the reason."""

import json
from collections.abc import Iterator

import pytest

from skyassets.core.errors import SourceError
from skyassets.core.ports import Limits, Program, ProgramRun, RunKind
from skyassets.core.sources import Generated, HubDataset, Source, Unreadable
from skyassets.core.tables.declarations import PROBLEMS
from skyassets.core.tables.store import StageResult
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.engines.sandbox.bubblewrap import Bubblewrap
from skyassets.engines.sources.reader import ProblemReader
from skyassets.stages.equivalence.scorers import scored
from skyassets.stages.grading.config import Graders
from skyassets.stages.problems.generated.registry import FAMILIES
from skyassets.stages.problems.reference_check import WITHOUT_REFERENCE, validated
from skyassets.stages.problems.table import raw_problems

TESTS = json.dumps({"fn_name": "double", "inputs": [[1], [4]], "outputs": [2, 8]})
RIGHT, WRONG, ENDLESS = (
    "def double(n):\n    return 2 * n",
    "def double(n):\n    return n + 1",
    "def double(n):\n    while True:\n        pass",
)


@pytest.fixture(scope="module")
def graders() -> Iterator[Graders]:
    with MathVerify() as equals:
        yield Graders(Bubblewrap(), equals, Limits(seconds=1.0))


class Rows:
    """Implements the Reader port with the given rows."""

    def __init__(self, *rows: dict[str, object]) -> None:
        self.given = rows

    def rows(self, source: Source) -> Iterator[dict[str, object] | Unreadable]:
        return iter(self.given)

    def fingerprint(self, source: Source) -> str:
        return ""


def maths(graders: Graders, *golds: object, domain: str = "maths") -> StageResult:
    source = Source("m", HubDataset("m"), "CC0-1.0", domain, ground_truth="gold")
    rows = [{"question": f"number {place}", "gold": gold} for place, gold in enumerate(golds)]
    return validated(PROBLEMS, raw_problems([source], Rows(*rows)), graders)


def code(graders: Graders, *references: object, tests: str = TESTS) -> StageResult:
    source = Source("c", HubDataset("c"), "CC0-1.0", "code", tests="tests", reference="solution")
    rows = [{"question": f"number {place}", "tests": tests, "solution": one} for place, one in enumerate(references)]
    return validated(PROBLEMS, raw_problems([source], Rows(*rows)), graders)


def reasons(result: StageResult) -> list[str | None]:
    """By the number of the problem."""
    return result.frame.sort("question")["set_aside"].to_list()


def test_an_answer_that_equals_itself_stays(graders: Graders) -> None:
    result = maths(graders, r"\frac{3}{4}", "1,000", r"x \in [0, 3)", 27.0, 5, ["7"], ["1", "2"])
    assert reasons(result) == [None] * 7
    assert result.metadata["references judged correct"] == 7


def test_an_answer_that_its_own_grader_cannot_read_is_set_aside(graders: Graders) -> None:
    first, second, *rest = reasons(maths(graders, "{3", "}", "5"))
    assert str(first).startswith("its own reference is judged wrong: ")
    assert str(second).startswith("its own reference is judged wrong: ")
    assert rest == [None]


def test_a_scored_answer_is_validated_by_its_example(graders: Graders) -> None:
    instance = {"numbers": [2, 3, 4], "target": 24}
    fine, bad = scored("countdown", instance, "2 * 3 * 4"), scored("countdown", instance, "2 * 3 + 4")
    right, wrong, none = reasons(maths(graders, fine, bad, "scorer:countdown {}", domain="puzzle"))
    assert right is None
    assert str(wrong).startswith("its own reference is judged wrong")
    assert none == "the reference's facts hold no example of a right answer"


def test_a_reference_that_passes_every_test_keeps_its_problem(graders: Graders) -> None:
    result = code(graders, RIGHT, json.dumps([WRONG, RIGHT]), [ENDLESS, WRONG, RIGHT])
    assert reasons(result) == [None] * 3
    assert result.metadata["references judged correct"] == 3


def test_only_the_first_three_references_are_tried(graders: Graders) -> None:
    aside, _ = reasons(code(graders, [WRONG, WRONG, WRONG, RIGHT], RIGHT))
    assert str(aside).startswith("its own reference is judged wrong: test 2 of 2")


def test_a_program_of_another_python_costs_no_try(graders: Graders) -> None:
    old = "def double(n):\n    print 2 * n"
    assert reasons(code(graders, [old, old, old, WRONG, RIGHT], RIGHT)) == [None, None]


def test_a_reference_that_lacks_a_library_names_it(graders: Graders) -> None:
    aside, _ = reasons(code(graders, "import numpy\ndef double(n): return 2 * n", RIGHT))
    assert aside == "its own reference is judged unjudged: missing module: numpy, which the program imports"


def test_questions_with_several_answers_are_counted_and_warned_of(
    graders: Graders, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source("m", HubDataset("m"), "CC0-1.0", "maths", ground_truth="gold")
    rows: list[dict[str, object]] = [{"question": "1 + 1?", "gold": gold} for gold in ("2", " 2", "3")]
    made = raw_problems([source], Rows(*rows, {"question": "1 + 2?", "gold": "3"}))
    assert made.metadata["questions with several answers"] == 1
    assert "1 questions are stated several times with different answers" in caplog.text


def test_a_problem_that_none_of_its_references_solves_is_set_aside_with_the_failing_test(graders: Graders) -> None:
    wrong, syntax, _ = reasons(code(graders, WRONG, "def double(n", RIGHT))
    assert str(wrong).startswith("its own reference is judged wrong: test 2 of 2")
    assert "does not compile" in str(syntax)


def test_a_code_problem_without_a_reference_stays_and_is_counted(graders: Graders) -> None:
    result = code(graders, None, RIGHT, "")
    assert reasons(result) == [None] * 3
    assert (result.metadata[WITHOUT_REFERENCE], result.metadata["references judged correct"]) == (2, 1)


def test_an_imported_trace_without_a_ground_truth_is_kept(graders: Graders) -> None:
    source = Source("i", HubDataset("i"), "CC0-1.0", "science", trace="trace")
    problems = raw_problems([source], Rows({"question": "Why?", "trace": "Because."}))
    assert reasons(validated(PROBLEMS, problems, graders)) == [None]


def test_a_problem_set_aside_earlier_is_not_judged_and_keeps_its_reason(graders: Graders) -> None:
    result = maths(graders, None, "5")
    assert reasons(result) == ["no ground truth", None]
    assert result.metadata["set aside"] == {"no ground truth": 1}


def test_no_problem_left_is_an_error_that_says_why(graders: Graders) -> None:
    with pytest.raises(
        SourceError, match=r"all 1 problems were set aside: .*its own reference is judged wrong: no boxed"
    ):
        maths(graders, "{")


def test_a_sandbox_that_fails_leaves_the_problem_unfinished(graders: Graders) -> None:
    class Broken:
        name = "broken"

        def run(self, program: Program, limits: Limits) -> ProgramRun:
            return ProgramRun(RunKind.SANDBOX_ERROR, "", "no namespace")

    source = Source("c", HubDataset("c"), "CC0-1.0", "code", tests="tests", reference="solution")
    answer = Source("m", HubDataset("m"), "CC0-1.0", ground_truth="gold")
    rows = {"question": "q", "tests": TESTS, "solution": RIGHT, "gold": "1"}
    problems = raw_problems([source, answer], Rows(rows))
    result = validated(PROBLEMS, problems, Graders(Broken(), graders.equals, graders.limits))
    (aside,) = result.frame["set_aside"].drop_nulls()
    assert str(aside).startswith("its own reference is judged unjudged: sandbox error")
    assert result.unfinished == 1


@pytest.mark.parametrize("held_out", [False, True])
def test_every_generated_problem_passes_by_its_own_reference(graders: Graders, held_out: bool) -> None:
    source = Source("g", Generated(tuple(FAMILIES), 4, seed=3, held_out=held_out), "Apache-2.0")
    result = validated(PROBLEMS, raw_problems([source], ProblemReader()), graders, workers=2)
    assert result.frame["set_aside"].drop_nulls().to_list() == []
    assert result.metadata["references judged correct"] == result.frame.height == 4 * len(FAMILIES)
