"""Lengths of an epoch's concurrent micro batches, to estimate the cost of padding and waiting.

Micro batches are formed as in the trainer: a step's examples are drawn by the seed, sorted by length and split, and
each rank takes the next piece.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain
from statistics import NormalDist

from skyassets.core.training.spec import Layout, Training
from skyassets.core.training.steps import micro_batches, planned_steps, units_of

SPREAD = 0.8
"""Standard deviation of the logarithm of trace lengths: hard problems make a long tail."""


@dataclass(frozen=True)
class MicroStep:
    """One micro batch on every rank, run concurrently; its duration is that of the slowest."""

    tokens: int
    """Tokens of the largest micro batch, padding included."""
    attended: float
    """Length in tokens of the sequences that attention sees in it."""
    computed: int
    """Tokens of all ranks, padding included."""


@dataclass(frozen=True)
class EpochBatches:
    """One pass over the examples."""

    micro_steps: tuple[MicroStep, ...]
    steps: int
    fill: float
    """The share of computed tokens that are not padding; for packing, the share of the packs' capacity."""


def epoch_batches(
    training: Training, lengths: Sequence[int], layout: Layout, *, is_sorted: bool = True, is_padded: bool = True
) -> EpochBatches:
    """The micro steps of one epoch; without `is_sorted`, for a trainer that takes examples in random order.

    Without `is_padded`, the examples of a micro batch are concatenated, as in a pack.
    """
    units = units_of(lengths, training)
    is_padded = is_padded and not training.packing
    micro_steps = []
    steps = planned_steps(units, replace(training, epochs=1))
    for step in steps:
        if is_sorted:
            split = micro_batches(step, lengths, 0, training, layout.micro_batch)
        else:
            size = 1 if training.packing else layout.micro_batch
            split = [list(chain(*step[at : at + size])) for at in range(0, len(step), size)]
        batches = [[lengths[place] for place in batch] for batch in split]
        at_once = layout.data_parallel
        micro_steps += [_micro_step(is_padded, batches[at : at + at_once]) for at in range(0, len(batches), at_once)]
    capacity = len(units) * training.cutoff if training.packing else sum(step.computed for step in micro_steps)
    return EpochBatches(tuple(micro_steps), len(steps), sum(lengths) / capacity)


def typical_lengths(examples: int, mean: float, cutoff: int) -> list[int]:
    """Log-normal lengths with this mean, capped at `cutoff`: a substitute for examples that do not exist yet."""
    normal = NormalDist()
    spread = [math.exp(SPREAD * normal.inv_cdf((place + 0.5) / examples)) for place in range(examples)]
    low, high = 0.0, float(cutoff)
    for _ in range(40):
        median = (low + high) / 2
        is_short = sum(_within(spread, median, cutoff)) < mean * examples
        low, high = (median, high) if is_short else (low, median)
    return _within(spread, high, cutoff)


def _within(spread: Sequence[float], median: float, cutoff: int) -> list[int]:
    return [max(1, round(min(cutoff, median * factor))) for factor in spread]


def _micro_step(is_padded: bool, batches: Sequence[Sequence[int]]) -> MicroStep:
    if not is_padded:
        fullest = max(batches, key=sum)
        attended = sum(length * length for length in fullest) / sum(fullest)
        return MicroStep(sum(fullest), attended, sum(map(sum, batches)))
    padded = [len(batch) * max(batch) for batch in batches]
    longest = batches[padded.index(max(padded))]
    return MicroStep(max(padded), max(longest), sum(padded))
