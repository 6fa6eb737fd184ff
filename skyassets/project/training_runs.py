"""The training runs of a recipe: their names, plans and records."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, replace

import polars as pl

from skyassets.core.code.version import code_version
from skyassets.core.errors import StoreError, TrainerError
from skyassets.core.ports import Conversation
from skyassets.core.tables.declarations import CHECKPOINT, EXAMPLES
from skyassets.core.training.hardware import Hardware
from skyassets.core.training.spec import Saving, Training, TrainPlan
from skyassets.core.training.steps import steps_of, units_of
from skyassets.engines.host.machine import this_machine
from skyassets.engines.models.weights import revision_of
from skyassets.engines.training.checkpoint_folder import CheckpointFolder, Run, run_name
from skyassets.engines.training.job import JobFolder
from skyassets.engines.training.trainer import DeepSpeedTrainer
from skyassets.project.deployment import Deployment
from skyassets.project.gates import require_gates
from skyassets.project.project import Project
from skyassets.stages.curation.examples import conversations, kept_examples
from skyassets.stages.training.checkpoint_table import RUN
from skyassets.stages.training.parallelism import PlanInputs
from skyassets.stages.training.plan import plan as make_plan

SAVES_OF_A_SHORT_RUN = 2
"""A run of fewer than 200 steps is saved about this often, instead of every 100 steps. A save takes as long as several
steps: all that DeepSpeed holds is written, and flushed to the disk."""
TRAINER = (
    "skyassets.stages.training.arguments",
    "skyassets.core.training.steps",
    "skyassets.core.training.packing",
    "skyassets.core.batches",
    "skyassets.engines.tokenizing.chat_tokenizer",
    "skyassets.engines.tokenizing.chat_turns",
    "skyassets.engines.tokenizing.token_file",
    "skyassets.engines.tokenizing.word_cache",
    "skyassets.engines.training.learning",
)
"""The code that determines the weights, but not which rows are fit to be trained on: that is in the rows themselves."""


def run_name_of(project: Project, examples: Sequence[Conversation]) -> str:
    """The name of the run of the recipe's training on these examples."""
    return run_name(project.recipe.training, examples, code_version(*TRAINER))


def training_plan(project: Project, examples: pl.DataFrame) -> TrainPlan:
    """The plan of the recipe's training on the kept rows of `sft_dataset`."""
    rows = kept_examples(examples)
    learned = int(rows["learned_tokens"].sum() or 0)
    return plan_for_lengths(project.deployment, project.recipe.training, rows["example_tokens"].to_list(), learned)


def training_runs(project: Project) -> CheckpointFolder:
    """All training runs of the recipe."""
    return CheckpointFolder(project.store.folder / "weights")


def write_job(project: Project, plan: TrainPlan) -> JobFolder:
    """Write the folder of the recipe's training run, with everything needed to run it elsewhere by `plan`.

    Raises:
        GateError: when the data set fails a gate of the recipe.
        TrainerError: when the recipe's base is a fake model, or is not available.
    """
    trainer = project.deployment.trainer(project.recipe.training.base)
    if not isinstance(trainer, DeepSpeedTrainer):
        raise TrainerError(f"{project.recipe.training.base} is a fake model; it cannot be trained elsewhere")
    require_gates(project)
    examples = conversations(project.store.read(EXAMPLES))
    job = training_runs(project).job(run_name_of(project, examples))
    trainer.prepare(plan, examples, job)
    return job


def current_run(project: Project) -> Run:
    """The training run recorded in the table `checkpoint`."""
    return training_runs(project).run(run_name_in(project.store.read(CHECKPOINT)))


def run_name_in(rows: pl.DataFrame) -> str:
    """The name of the run recorded in the table `checkpoint`.

    Raises:
        StoreError: when there is none.
    """
    names = rows.filter(pl.col("entry") == RUN)["fact"]
    if names.is_empty():
        raise StoreError("checkpoint: the table names no run; materialize it again")
    return str(json.loads(names[0]))


def run_metadata(project: Project, run: Run) -> dict[str, object]:
    """What the manifest says about a run, besides its files and its curve."""
    training = run.plan.training
    plan = asdict(run.plan)
    plan.pop("training")
    return {
        "run": run.folder.name,
        "training": asdict(training),
        "base revision": revision_of(training.base, project.deployment.weights(training.base))
        if run.environment
        else training.base.revision,
        "data version": project.store.data_version(EXAMPLES),
        "plan": plan,
        "environment": run.environment,
    }


def plan_for_lengths(deployment: Deployment, training: Training, lengths: Sequence[int], learned: int = 0) -> TrainPlan:
    """The plan of `training` on examples of these lengths, on this machine.

    Raises:
        GateError: when there is nothing to train on.
        TrainerError: when it does not fit, naming what would.
        ServerError: when the base model's config is not available.
    """
    shape, hardware = deployment.shape(training.base), with_price(this_machine(), deployment)
    saves = saving(deployment, training, lengths)
    return make_plan(PlanInputs(training, shape, lengths, hardware, deployment.overrides, saves, learned))


def with_price(hardware: Hardware, deployment: Deployment) -> Hardware:
    """The machine with the deployment's price, if one is set."""
    if not deployment.hour_price:
        return hardware
    return replace(hardware, device=replace(hardware.device, dollars_hour=deployment.hour_price))


def saving(deployment: Deployment, training: Training, lengths: Sequence[int]) -> Saving:
    """How often the deployment saves such a run."""
    too_long = any(length > training.cutoff for length in lengths)
    units = len(lengths) if too_long else len(units_of(lengths, training))  # the plan reports too long ones
    often = math.ceil(steps_of(units, training) / SAVES_OF_A_SHORT_RUN)
    return Saving(deployment.save_every or max(1, min(Saving.every, often)), deployment.saves_kept)
