"""Epochs of the evaluation: each asks the same benchmarks with fresh samples; a run belongs to a single epoch."""

import re

from skyassets.core.errors import EpochError
from skyassets.core.files import write_text
from skyassets.core.tables.declarations import ANSWERS
from skyassets.project.project import PipelineRun, Project
from skyassets.stages.evaluation.manifest import FIRST

EPOCH_TAG = "skyassets/epoch"
"""The run tag that names an epoch; set by the schedule."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Valid names of an epoch, which become part of a folder name."""


def current_epoch(project: Project) -> str:
    """The name of the latest epoch that a run has begun; empty for the first."""
    file = project.store.folder / "epoch.txt"
    return file.read_text(encoding="utf-8").strip() if file.exists() else ""


def enter_epoch(project: Project, run: PipelineRun | None) -> str:
    """The epoch of `run`: the latest, or the one named by its tag, which is begun if it is new.

    A killed epoch is resumed by the next run, with or without the tag. Without a run: the latest epoch.

    Raises:
        EpochError: when the tag is not a valid epoch name.
    """
    if run is None:
        return current_epoch(project)
    if run.id not in project.epochs:
        tagged = valid_name(run.tags.get(EPOCH_TAG, ""))
        if tagged and tagged != current_epoch(project):
            write_text(project.store.folder / "epoch.txt", tagged)
        project.epochs[run.id] = tagged or current_epoch(project)
    return project.epochs[run.id]


def check_epoch(run: PipelineRun, answered: str) -> None:
    """Check that a report is made in the epoch that the run was started for.

    Raises:
        EpochError: when another run has meanwhile asked the benchmarks in another epoch.
    """
    tagged = run.tags.get(EPOCH_TAG, "")
    if tagged and tagged != answered:
        raise EpochError(
            f"benchmark_reports: this run is for epoch {tagged!r}, but another run has meanwhile replaced "
            f"{ANSWERS.name} with the answers of epoch {answered or FIRST!r}. No answer is lost: when no other run is "
            f"in progress, start re_evaluate again with the tag {EPOCH_TAG}={tagged}"
        )


def valid_name(name: str) -> str:
    """Return `name` if it is empty or a valid epoch name.

    Raises:
        EpochError: when it is not.
    """
    if name and (name == FIRST or NAME.fullmatch(name) is None):
        raise EpochError(
            f"the run's tag {EPOCH_TAG} is {name[:80]!r}; an epoch name has at most 64 letters, digits, dots, - and "
            f"_, begins with a letter or digit (such as 2026-01-05-0600), and is not {FIRST!r}"
        )
    return name
