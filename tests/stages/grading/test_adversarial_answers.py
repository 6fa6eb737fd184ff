from collections.abc import Iterator

import pytest
from adversarial_answers import RIGHT, WRONG

from skyassets.core.ports import Limits, Program, ProgramRun, Verdict
from skyassets.engines.math_verify.engine import MathVerify
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.judge import Case, judge


class NoSandbox:
    name = "none"

    def run(self, program: Program, limits: Limits) -> ProgramRun:
        raise AssertionError("an answer was run")


@pytest.fixture(scope="module")
def graders() -> Iterator[Graders]:
    with MathVerify(seconds=5.0) as equals:
        yield Graders(NoSandbox(), equals, Limits())


def verdict(answer: str, gold: str, graders: Graders) -> tuple[Verdict, str]:
    judged = judge(Case("maths", gold, None, f"So it is \\boxed{{{answer}}}.", Mode.STRICT), graders)
    return judged.verdict, judged.backend


def test_the_list_is_long_enough() -> None:
    assert len(RIGHT) >= 100
    assert len(WRONG) >= 100
    assert len({*RIGHT, *WRONG}) == len(RIGHT) + len(WRONG)


@pytest.mark.parametrize(("answer", "gold"), RIGHT)
def test_a_right_answer_is_not_rejected(graders: Graders, answer: str, gold: str) -> None:
    assert verdict(answer, gold, graders)[0] is Verdict.CORRECT


@pytest.mark.parametrize(("answer", "gold"), WRONG)
def test_a_wrong_answer_is_not_accepted(graders: Graders, answer: str, gold: str) -> None:
    assert verdict(answer, gold, graders)[0] is not Verdict.CORRECT


@pytest.mark.parametrize("gold", sorted({gold for _, gold in [*RIGHT, *WRONG]}))
def test_every_reference_is_correct_against_itself(graders: Graders, gold: str) -> None:
    assert verdict(gold, gold, graders)[0] is Verdict.CORRECT
