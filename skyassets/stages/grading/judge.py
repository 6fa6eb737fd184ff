"""Judges one text: extracts its answer, then compares it or runs it. Wrong means shown to be wrong.

A finished text without the requested form is wrong. A text is unjudged if it could not be checked: no reference, no
tests, a comparison that timed out, or a sandbox that failed.
"""

from dataclasses import dataclass

from skyassets.core.ports import Judgement
from skyassets.stages.equivalence.choices import Options, options
from skyassets.stages.grading.answers import judge_answer
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.programs import judge_code

CODE = "code"


@dataclass(frozen=True)
class Case:
    """A text and what is needed to judge it."""

    domain: str
    ground_truth: str | None
    tests: str | None
    text: str
    mode: Mode
    offered: Options = ()
    """The options in the question, if any."""


def case(problem: dict[str, object], text: object, mode: Mode) -> Case:
    """The case for a text that answers `problem`."""
    truth, tests = problem["ground_truth"], problem["tests"]
    return Case(
        str(problem["domain"]),
        None if truth is None else str(truth),
        None if tests is None else str(tests),
        str(text),
        mode,
        () if problem["domain"] == CODE else options(str(problem.get("question") or "")),
    )


def judge(case: Case, graders: Graders) -> Judgement:
    """Whether the text solves the problem: by the ground truth or, for code, by the tests."""
    if case.domain == CODE:
        return judge_code(case.tests, case.text, case.mode, graders)
    return judge_answer(case.domain, case.ground_truth, case.text, case.mode, graders.equals, case.offered)
