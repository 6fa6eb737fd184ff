"""Judges one text: extracts its answer, then compares it or runs it. Wrong means shown to be wrong.

A finished text without the requested form is wrong. A text is unjudged if it could not be checked: no reference, no
tests, a comparison that timed out, or a sandbox that failed.
"""

from skyassets.core.ports import Judgement
from skyassets.stages.equivalence.choices import Options
from skyassets.stages.grading.answers import judge_answer
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.programs import judge_code

CODE = "code"


def judge(
    domain: str,
    ground_truth: str | None,
    tests: str | None,
    text: str,
    mode: Mode,
    graders: Graders,
    offered: Options = (),
) -> Judgement:
    """Whether `text` solves a problem of `domain`, by its ground truth or, for code, by its tests.

    `offered` are the options in the question, if any.
    """
    if domain == CODE:
        return judge_code(tests, text, mode, graders)
    return judge_answer(domain, ground_truth, text, mode, graders.equals, offered)
