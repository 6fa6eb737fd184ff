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
from skyassets.project.project import BuildContext, Project
from skyassets.stages.grading.config import Graders
from skyassets.stages.grading.verdicts import GradingConfig

SANDBOX = "skyassets.engines.sandbox"
"""The sandbox, and what runs inside it."""
MATHS = ("skyassets.engines.math_verify", "skyassets.engines.sandbox.seccomp")
CODE_GRADERS = ("skyassets.stages.grading.programs", SANDBOX)
"""The code that judges programs: when it changes, programs are judged again, and answers are not."""
ANSWER_GRADERS = ("skyassets.stages.grading.answers", *MATHS)
GRADERS = ("skyassets.stages.grading.judge", *MATHS, SANDBOX)
"""All code that decides verdicts, in its own processes too. A package stands for every module in it."""


@contextmanager
def graders(project: Project, work: BuildContext) -> Iterator[Graders]:
    """The recipe's graders, with what was judged before, for as long as the context lasts."""
    # A program is run by this Python, and may end otherwise under another.
    programs = digest(code_version(*CODE_GRADERS), sys.version_info[:2])
    versions = {"code": programs, "answers": code_version(*ANSWER_GRADERS)}
    with project.deployment.graders(project.recipe.limits) as engines:
        yield replace(engines, kept=JudgementStore(project.deployment.data / "rows", work.said), versions=versions)


@contextmanager
def grading(project: Project, work: BuildContext) -> Iterator[GradingConfig]:
    """Who judges in this run: the graders, and the recipe's judge if it has one."""
    judge = project.recipe.judge
    by = completer(project, "judge", judge.model, work) if judge else None
    with graders(project, work) as known:
        yield GradingConfig(known, project.deployment.workers, Progress("judged", work.said).count, judge, by)
