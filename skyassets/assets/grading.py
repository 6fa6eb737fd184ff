"""The graders at work: the code that decides verdicts, and everybody who sits in judgement in one run."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from skyassets.assets.house import House, Work
from skyassets.assets.progress import Progress
from skyassets.assets.traces import completer
from skyassets.core.code_version import code_version
from skyassets.core.identity import digest
from skyassets.core.judgement_store import JudgementStore
from skyassets.stages.graders import Graders
from skyassets.stages.verify import Marking

MATHS = (
    "skyassets.engines.math_verify",
    "skyassets.engines.math_verify_worker",
    "skyassets.engines.seccomp",
)
SANDBOX = (
    "skyassets.engines.bubblewrap",
    "skyassets.engines.confinement",
    "skyassets.engines.examined_process",
    "skyassets.engines.examiner_process",
    "skyassets.engines.fork_server",
    "skyassets.engines.frames",
    "skyassets.engines.job_process",
    "skyassets.engines.kernel_calls",
    "skyassets.engines.plain_data",
    "skyassets.engines.process_tree",
    "skyassets.engines.program_link",
    "skyassets.engines.program_process",
    "skyassets.engines.run_told",
    "skyassets.engines.sandbox_boot",
    "skyassets.engines.sandbox_server",
    "skyassets.engines.seccomp",
    "skyassets.engines.shared_system",
    "skyassets.engines.warm_sandbox",
)
"""The sandbox and what runs inside it. What is another backend's own is not here: its name is in the judgement's id."""
CODE_GRADERS = ("skyassets.stages.grade_code", *SANDBOX)
"""What judges programs: when it changes, programs are judged again, and answers are not."""
ANSWER_GRADERS = ("skyassets.stages.grade_answer", *MATHS)
GRADERS = ("skyassets.stages.grade", *MATHS, *SANDBOX)
"""All code that decides verdicts, in its own processes too."""


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
