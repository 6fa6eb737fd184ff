"""Builds the graders of one run, and lists the code that decides verdicts."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from skyassets.core.code.version import code_version
from skyassets.core.identity import digest
from skyassets.core.rows.judgements import JudgementStore
from skyassets.project.completions import completer
from skyassets.project.progress import Progress
from skyassets.project.project import BuildContext
from skyassets.stages.grading.config import Graders
from skyassets.stages.grading.verdicts import GradingConfig

SANDBOX = "skyassets.engines.sandbox"
"""The sandbox, and the code that runs inside it."""
MATHS = ("skyassets.engines.math_verify", "skyassets.engines.sandbox.seccomp")
CODE_GRADERS = ("skyassets.stages.grading.programs", SANDBOX)
"""The code that grades programs: when it changes, programs are graded again, but answers are not."""
ANSWER_GRADERS = ("skyassets.stages.grading.answers", *MATHS)
GRADERS = ("skyassets.stages.grading.judge", *MATHS, SANDBOX)
"""All code that decides verdicts, including its own processes. A package stands for all its modules."""


@contextmanager
def graders(context: BuildContext) -> Iterator[Graders]:
    """The recipe's graders, with the stored judgements, for as long as the context lasts."""
    # Programs run under this Python and may behave differently under another.
    programs = digest(code_version(*CODE_GRADERS), sys.version_info[:2])
    versions = {"code": programs, "answers": code_version(*ANSWER_GRADERS)}
    deployment = context.project.deployment
    with deployment.graders(context.project.recipe.limits) as engines:
        yield replace(engines, store=JudgementStore(deployment.data / "rows", context.log), versions=versions)


@contextmanager
def grading(context: BuildContext) -> Iterator[GradingConfig]:
    """The grading configuration of this run: the graders, and the recipe's judge if it has one."""
    judge = context.project.recipe.judge
    by = completer(context, "judge", judge.model) if judge else None
    with graders(context) as known:
        progress = Progress("judged", context.log).count
        yield GradingConfig(known, context.project.deployment.workers, progress, judge, by)
