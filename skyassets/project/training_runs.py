"""The trainings of a recipe: what each is named, planned and recorded by."""

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
from skyassets.project.project import House
from skyassets.stages.curation.examples import conversations, kept
from skyassets.stages.training.checkpoint_table import RUN

TRAINER = (
    "skyassets.stages.training.arguments",
    "skyassets.core.training.steps",
    "skyassets.core.training.packing",
    "skyassets.engines.tokenizing",
    "skyassets.engines.training.learning",
)
"""The code that decides the weights, in its own process too."""


def name_of(house: House, examples: Sequence[Conversation]) -> str:
    """What names the run that the recipe's training on these examples is."""
    return run_name(house.recipe.training, examples, code_version(*TRAINER))


def plan_of(house: House, examples: pl.DataFrame) -> TrainPlan:
    """The plan of the recipe's training on the kept rows of `sft_dataset`."""
    rows = kept(examples)
    learned = int(rows["learned_tokens"].sum() or 0)
    return planned(house.place, house.recipe.training, rows["example_tokens"].to_list(), learned)


def runs_of(house: House) -> CheckpointFolder:
    """All trainings of the recipe."""
    return CheckpointFolder(house.store.folder / "weights")


def written_job(house: House, plan: TrainPlan) -> JobFolder:
    """The folder of the run that the recipe's training is, with all that it needs, for somebody else to run by `plan`.

    Raises:
        GateError: when the data set does not keep the recipe's gates.
        TrainerError: when the recipe's base is not trained by processes, or is not there.
    """
    trainer = house.place.trainer(house.recipe.training.base)
    if not isinstance(trainer, DeepSpeedTrainer):
        raise TrainerError(f"{house.recipe.training.base} is a pretended model, which nobody else can train")
    hold(house)
    examples = conversations(house.store.read(EXAMPLES))
    job = runs_of(house).job(name_of(house, examples))
    trainer.prepare(plan, examples, job)
    return job


def run_of(house: House) -> Run:
    """The training that the table `checkpoint` tells of."""
    return runs_of(house).run(run_in(house.store.read(CHECKPOINT)))


def run_in(rows: pl.DataFrame) -> str:
    """The name of the run that the table `checkpoint` tells of.

    Raises:
        StoreError: when it names none.
    """
    found = rows.filter(pl.col("entry") == RUN)["fact"]
    if found.is_empty():
        raise StoreError("checkpoint: the table names no run; materialize it again")
    return str(json.loads(found[0]))


def facts_of(house: House, run: Run) -> dict[str, object]:
    """What the manifest says of a run beside its files and its curve."""
    plan = run.plan
    told = asdict(plan)
    told.pop("training")
    return {
        "run": run.folder.name,
        "training": asdict(plan.training),
        "base revision": revision_of(plan.training.base, house.place.weights(plan.training.base))
        if run.environment
        else plan.training.base.revision,
        "data version": house.store.data_version(EXAMPLES),
        "plan": told,
        "environment": run.environment,
    }
