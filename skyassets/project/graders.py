"""The graders at work: the code that decides verdicts, and everybody who sits in judgement in one run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from skyassets.core.code_version import code_version
from skyassets.core.identity import digest
from skyassets.core.rows.judgements import JudgementStore
from skyassets.project.completions import completer
from skyassets.project.progress import Progress
from skyassets.project.project import House, Work
from skyassets.stages.grading.config import Graders
from skyassets.stages.grading.verdicts import Marking

SANDBOX = "skyassets.engines.sandbox"
"""The sandbox, and what runs inside it."""
MATHS = ("skyassets.engines.math_verify", "skyassets.engines.sandbox.seccomp")
CODE_GRADERS = ("skyassets.stages.grading.programs", SANDBOX)
"""The code that judges programs: when it changes, programs are judged again, and answers are not."""
ANSWER_GRADERS = ("skyassets.stages.grading.answers", *MATHS)
GRADERS = ("skyassets.stages.grading.judge", *MATHS, SANDBOX)
"""All code that decides verdicts, in its own processes too. A package stands for every module in it."""


@contextmanager
def graders(house: House, work: Work) -> Iterator[Graders]:
    """The recipe's graders, with what was judged before, for as long as the context lasts."""
    # A program is run by this Python, and may end otherwise under another.
    programs = digest(code_version(*CODE_GRADERS), sys.version_info[:2])
    versions = {"code": programs, "answers": code_version(*ANSWER_GRADERS)}
    with house.place.graders(house.recipe.limits) as engines:
        yield replace(engines, kept=JudgementStore(house.place.data / "rows", work.said), versions=versions)


@contextmanager
def marking(house: House, work: Work) -> Iterator[Marking]:
    """Who judges in this run: the graders, and the recipe's judge if it has one."""
    judge = house.recipe.judge
    by = completer(house, "judge", judge.model, work) if judge else None
    with graders(house, work) as known:
        yield Marking(known, house.place.workers, Progress("judged", work.said).count, judge, by)
