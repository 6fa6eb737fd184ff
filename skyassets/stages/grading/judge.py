"""Judging one text: read its answer, compare it or run it. Wrong is what was seen to be wrong, and nothing else.

A finished text that does not give the asked form is wrong. Unjudged is what nobody could tell: no reference, no tests,
a comparison that ran out of time, a sandbox that failed.
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
    """Whether `text` answers a problem of `domain` rightly, by its ground truth or, for code, by its tests.

    `offered` are the options that the question gives to choose from, if it does.
    """
    if domain == CODE:
        return judge_code(tests, text, mode, graders)
    return judge_answer(domain, ground_truth, text, mode, graders.equals, offered)
