"""Training as data: the plan an engine can follow, and what it left as a table."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from skyassets.core.errors import GateError
from skyassets.core.identity import digest
from skyassets.core.ports import Model, Step, TrainPlan
from skyassets.core.table_store import Made
from skyassets.core.tables import CHECKPOINT


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


def checkpoint_id(files: Iterable[tuple[str, str]]) -> str:
    """The identity of weights: the digest of their files' paths and digests."""
    return digest("checkpoint", sorted(files))


def checkpoint(base: Model, files: Sequence[tuple[str, int, str]], curve: Sequence[Step]) -> Made:
    """The manifest of the weights (path, bytes, BLAKE2b of each file) and the training curve, as one table."""
    ident = checkpoint_id((path, blake2b) for path, _, blake2b in files)
    shared = {"checkpoint_id": ident, "base_model": str(base)}
    rows: list[dict[str, object]] = [
        {"entry": f"file:{path}", "kind": "file", "path": path, "bytes": size, "blake2b": blake2b, **shared}
        for path, size, blake2b in files
    ]
    rows += [{"entry": f"step:{step.step:06d}", "kind": "step", **asdict(step), **shared} for step in curve]
    facts: dict[str, object] = {
        "checkpoint": ident,
        "optimiser steps": len(curve),
        "first loss": curve[0].loss,
        "last loss": curve[-1].loss,
        "trained tokens": sum(step.tokens for step in curve),
        "training seconds": round(sum(step.seconds for step in curve), 1),
    }
    return Made(CHECKPOINT.frame(rows), facts)
