"""The checkpoint: the student's weights and its training curve."""

import dagster as dg
import polars as pl

from skyassets.assets.gates import hold
from skyassets.assets.house import House, Spec, Work
from skyassets.core.code_version import code_version
from skyassets.core.table_store import Made
from skyassets.core.tables import CHECKPOINT, EXAMPLES
from skyassets.engines.checkpoint_folder import CheckpointFolder, WeightsFile
from skyassets.engines.devices import gpus
from skyassets.stages import pictures
from skyassets.stages.example import conversations
from skyassets.stages.training import checkpoint, plan

TRAINER = (
    "skyassets.stages.training",
    "skyassets.engines.training_run",
    "skyassets.engines.training_loop",
    "skyassets.engines.training_batches",
    "skyassets.engines.chat_tokens",
)
"""The code that decides the weights, in its own process too."""


def model_assets(house: House) -> list[dg.AssetsDefinition]:
    """`checkpoint`."""
    training = house.recipe.training
    spec = Spec(CHECKPOINT, (EXAMPLES,), TRAINER, training, "training", frozenset({"deepspeed", "torch"}))
    weights = weights_of(house)

    def make(work: Work) -> Made:
        hold(house)
        examples = house.store.read(EXAMPLES)
        kept = conversations(examples)
        lengths = examples.filter(pl.col("dropped_by").is_null())["example_tokens"].to_list()
        trainer = house.place.trainer(training.base)
        base = str(training.base)
        with house.accounts.training(work.asset, base, work.run, work.purse, min(house.place.ranks, len(gpus() or ()))):
            curve = weights.train(trainer, plan(training, lengths), kept, code_version(*TRAINER), work.said)
        files = [(file.path, file.bytes, file.blake2b) for file in weights.files()]
        return checkpoint(training.base, files, curve)

    def damage(rows: pl.DataFrame) -> str:
        found = rows.filter(pl.col("kind") == "file").select("path", "bytes", "blake2b")
        return weights.damage([WeightsFile(*row) for row in found.iter_rows()])

    return [house.asset(spec, make, picture=pictures.training_curve, damage=damage)]


def weights_of(house: House) -> CheckpointFolder:
    """Where the student's weights are."""
    return CheckpointFolder(house.store.folder / "weights")
