"""The training runs of a recipe: their names, plans and records."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import polars as pl

from skyassets.core.code_version import code_version
from skyassets.core.errors import StoreError, TrainerError
from skyassets.core.ports import Conversation
from skyassets.core.tables.declarations import CHECKPOINT, EXAMPLES
from skyassets.core.training.spec import TrainPlan
from skyassets.engines.models.weights import revision_of
from skyassets.engines.training.checkpoint_folder import CheckpointFolder, Run, run_name
from skyassets.engines.training.job import JobFolder
from skyassets.engines.training.trainer import DeepSpeedTrainer
from skyassets.project.gates import hold
from skyassets.project.planning import planned
from skyassets.project.project import Project
from skyassets.stages.curation.examples import conversations, kept_examples
from skyassets.stages.training.checkpoint_table import RUN

TRAINER = (
    "skyassets.stages.training.arguments",
    "skyassets.core.training.steps",
    "skyassets.core.training.packing",
    "skyassets.engines.tokenizing",
    "skyassets.engines.training.learning",
)
"""The code that determines the weights, including its own process."""


def name_of(project: Project, examples: Sequence[Conversation]) -> str:
    """The name of the run of the recipe's training on these examples."""
    return run_name(project.recipe.training, examples, code_version(*TRAINER))


def plan_of(project: Project, examples: pl.DataFrame) -> TrainPlan:
    """The plan of the recipe's training on the kept rows of `sft_dataset`."""
    rows = kept_examples(examples)
    learned = int(rows["learned_tokens"].sum() or 0)
    return planned(project.deployment, project.recipe.training, rows["example_tokens"].to_list(), learned)


def runs_of(project: Project) -> CheckpointFolder:
    """All training runs of the recipe."""
    return CheckpointFolder(project.store.folder / "weights")


def written_job(project: Project, plan: TrainPlan) -> JobFolder:
    """Write the folder of the recipe's training run, with everything needed to run it elsewhere by `plan`.

    Raises:
        GateError: when the data set fails a gate of the recipe.
        TrainerError: when the recipe's base is a fake model, or is not available.
    """
    trainer = project.deployment.trainer(project.recipe.training.base)
    if not isinstance(trainer, DeepSpeedTrainer):
        raise TrainerError(f"{project.recipe.training.base} is a pretended model, which nobody else can train")
    hold(project)
    examples = conversations(project.store.read(EXAMPLES))
    job = runs_of(project).job(name_of(project, examples))
    trainer.prepare(plan, examples, job)
    return job


def run_of(project: Project) -> Run:
    """The training run recorded in the table `checkpoint`."""
    return runs_of(project).run(run_in(project.store.read(CHECKPOINT)))


def run_in(rows: pl.DataFrame) -> str:
    """The name of the run recorded in the table `checkpoint`.

    Raises:
        StoreError: when there is none.
    """
    found = rows.filter(pl.col("entry") == RUN)["fact"]
    if found.is_empty():
        raise StoreError("checkpoint: the table names no run; materialize it again")
    return str(json.loads(found[0]))


def facts_of(project: Project, run: Run) -> dict[str, object]:
    """What the manifest says about a run, besides its files and its curve."""
    plan = run.plan
    told = asdict(plan)
    told.pop("training")
    return {
        "run": run.folder.name,
        "training": asdict(plan.training),
        "base revision": revision_of(plan.training.base, project.deployment.weights(plan.training.base))
        if run.environment
        else plan.training.base.revision,
        "data version": project.store.data_version(EXAMPLES),
        "plan": told,
        "environment": run.environment,
    }
