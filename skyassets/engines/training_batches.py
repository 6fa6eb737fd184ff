"""Which examples make each optimiser step, decided before the run. Pure; knows no tokens and no library.

A step is a random set drawn by the seed alone, so the same plan takes the same steps on one CPU and on eight GPUs. How
a step is cut into micro batches for the ranks changes only the padding and the speed.
"""

import math
import random
from collections.abc import Sequence

MicroBatch = list[int]
"""Indices of examples; may be empty, when a step is smaller than its slots."""


def steps_of(examples: int, epochs: int, global_batch: int) -> int:
    """Optimiser steps of a run: the last step of an epoch may be smaller, no example is dropped or repeated."""
    return epochs * math.ceil(examples / global_batch)


def planned_steps(examples: int, epochs: int, global_batch: int, seed: int) -> list[list[int]]:
    """The examples of every step, each epoch in an order of its own."""
    steps = []
    for epoch in range(epochs):
        order = list(range(examples))
        random.Random(f"{seed}/{epoch}").shuffle(order)
        steps += [order[start : start + global_batch] for start in range(0, examples, global_batch)]
    return steps


def micro_batches(step: Sequence[int], lengths: Sequence[int], slots: int, size: int) -> list[MicroBatch]:
    """Cut a step into `slots` micro batches of at most `size` examples, like lengths together; empty ones come last."""
    ordered = sorted(step, key=lambda index: (-lengths[index], index))
    cut = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return cut + [[] for _ in range(slots - len(cut))]
