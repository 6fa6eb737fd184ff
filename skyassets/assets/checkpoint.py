"""The checkpoint: the student's weights, its training curve, and the card that goes with them."""

import json
from collections.abc import Sequence
from dataclasses import asdict

import dagster as dg
import polars as pl

from skyassets.assets.gate_checks import hold
from skyassets.assets.metadata import MASK
from skyassets.assets.pipes import piped
from skyassets.core.code_version import code_version
from skyassets.core.errors import StoreError, TrainerError
from skyassets.core.ports import Conversation
from skyassets.core.tables.declarations import CHECKPOINT, EXAMPLES
from skyassets.core.tables.store import Made
from skyassets.core.training.spec import TrainPlan
from skyassets.engines.host.devices import gpus
from skyassets.engines.models.weights import revision_of
from skyassets.engines.training.checkpoint_folder import CheckpointFolder, Run, WeightsFile, run_name
from skyassets.engines.training.job import JobFolder
from skyassets.engines.training.trainer import DeepSpeedTrainer
from skyassets.project.planning import planned
from skyassets.project.project import House, Spec, Work
from skyassets.project.publishing.student_card import report_on, write_card
from skyassets.stages.curation.examples import conversations, kept
from skyassets.stages.plots import training_curve
from skyassets.stages.training.checkpoint_table import RUN, checkpoint
from skyassets.stages.training.loss_mask import as_markdown

TRAINER = (
    "skyassets.stages.training.arguments",
    "skyassets.core.training.steps",
    "skyassets.core.training.packing",
    "skyassets.engines.tokenizing",
    "skyassets.engines.training.learning",
)
"""The code that decides the weights, in its own process too."""
SHOWN_LETTERS = 4_000
"""Of the example that is shown with its loss mask."""


def model_assets(house: House) -> list[dg.AssetsDefinition]:
    """`checkpoint`."""
    training = house.recipe.training
    code = ("skyassets.stages.training.checkpoint_table", *TRAINER)
    spec = Spec(CHECKPOINT, (EXAMPLES,), code, training, "training", frozenset({"deepspeed", "torch"}))
    weights = runs_of(house)

    def make(work: Work) -> Made:
        hold(house)
        examples = house.store.read(EXAMPLES)
        learned_from = conversations(examples)
        trainer = house.place.trainer(training.base, None if work.context is None else piped(work.context))

        def plan() -> TrainPlan:
            made = plan_of(house, examples)
            for line in made.assumptions:
                work.said(f"plan: {line}")
            return made

        with house.accounts.training(work.asset, str(training.base), work.run, work.purse, gpus_of(house)):
            run = weights.train(trainer, plan, learned_from, name_of(house, learned_from), work.said)
        files = [(file.path, file.bytes, file.sha256) for file in run.files]
        made = checkpoint(str(training.base), files, run.curve, facts_of(house, run))
        write_card(house, run, report_on(house, str(made.frame["checkpoint_id"][0])))
        return Made(made.frame, {**made.facts, **shown(house, run, learned_from[0])})

    def damage(rows: pl.DataFrame) -> str:
        found = rows.filter(pl.col("kind") == "file").select("path", "bytes", "sha256")
        return weights.damage(run_in(rows), [WeightsFile(*row) for row in found.iter_rows()])

    return [house.asset(spec, make, picture=training_curve.training_curve, damage=damage)]


def gpus_of(house: House) -> int:
    """GPUs that a training keeps busy here."""
    there = len(gpus() or ())
    return min(house.place.wishes.ranks or there, there)


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


def shown(house: House, run: Run, example: Conversation) -> dict[str, object]:
    """What the UI shows of a run: where it is, what was planned, and an example with its loss mask."""
    plan = run.plan
    pieces = house.place.pieces(plan.training.base, example)
    return {
        "weights": str(run.folder),
        "layout": f"{plan.layout.ranks} ranks, ZeRO-{plan.layout.zero_stage}, offload {plan.layout.offload}",
        "fill": round(plan.fill, 4),
        "planned GB a rank": round(plan.memory.total, 2),
        MASK: as_markdown(pieces, SHOWN_LETTERS),
    }
