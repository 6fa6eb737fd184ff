"""Which examples make up each optimizer step, decided before the run. Pure; independent of tokens and libraries.

A step is a random set that depends only on seed and epoch, so a plan takes the same steps on one CPU and on eight GPUs,
before and after a kill. How a step is split into micro batches affects only padding and speed.
"""

import math
import random
from collections.abc import Sequence

from skyassets.core.training.packing import packed
from skyassets.core.training.spec import Training

MicroBatch = list[int]
"""Indices of examples; may be empty if a step is smaller than its slots."""


def steps_of(units: int, training: Training) -> int:
    """Optimizer steps of a run over `units` examples or packs: an epoch's last step may be smaller; none is dropped."""
    return training.epochs * math.ceil(units / training.global_batch)


def units_of(lengths: Sequence[int], training: Training) -> list[MicroBatch]:
    """The units of a step: single examples, or packs that fill rows of `cutoff` tokens."""
    if training.packing:
        return packed(lengths, training.cutoff)
    return [[index] for index in range(len(lengths))]


def planned_steps(units: Sequence[MicroBatch], training: Training) -> list[list[MicroBatch]]:
    """The units of every step; each epoch has its own order."""
    steps = []
    for epoch in range(training.epochs):
        order = list(units)
        random.Random(f"{training.seed}/{epoch}").shuffle(order)
        steps += [order[start : start + training.global_batch] for start in range(0, len(order), training.global_batch)]
    return steps


def micro_batches(
    step: Sequence[MicroBatch], lengths: Sequence[int], slots: int, training: Training, size: int
) -> list[MicroBatch]:
    """Split a step into `slots` micro batches of one pack or at most `size` examples; empty ones come last.

    Similar lengths are grouped and adjacent, so the ranks of a micro step wait little for each other.
    """
    size = 1 if training.packing else size
    ordered = sorted(step, key=lambda unit: (-sum(lengths[index] for index in unit), unit))
    cut = [
        [index for unit in ordered[start : start + size] for index in unit] for start in range(0, len(ordered), size)
    ]
    return cut + [[] for _ in range(slots - len(cut))]
