"""Planning a training run: from the recipe and the examples' lengths to numbers an engine can follow."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from skyassets.core.errors import GateError
from skyassets.core.ports import Model, TrainPlan


@dataclass(frozen=True)
class Training:
    """How the student is fine-tuned. All of it shapes the weights; where it runs is not here."""

    base: Model
    epochs: int
    learning_rate: float
    global_batch: int
    cutoff: int
    precision: str
    zero_stage: int
    seed: int
    method: str = "full"
    schedule: str = "cosine"
    warmup_ratio: float = 0.1
    weight_decay: float = 0.0


def plan(training: Training, example_tokens: Sequence[int]) -> TrainPlan:
    """The run that `training` asks for on examples of these lengths.

    Raises:
        GateError: when there is nothing to train on.
    """
    if not example_tokens:
        raise GateError("checkpoint: sft_dataset keeps no example, so there is nothing to train on")
    return TrainPlan(
        base=training.base,
        method=training.method,
        epochs=training.epochs,
        learning_rate=training.learning_rate,
        schedule=training.schedule,
        warmup_ratio=training.warmup_ratio,
        weight_decay=training.weight_decay,
        global_batch=training.global_batch,
        cutoff=training.cutoff,
        precision=training.precision,
        zero_stage=training.zero_stage,
        seed=training.seed,
        steps=training.epochs * math.ceil(len(example_tokens) / training.global_batch),
        tokens=training.epochs * sum(example_tokens),
    )
