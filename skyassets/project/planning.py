"""Plans a recipe's training at a deployment, from example lengths, model shape, hardware and overrides."""

import math
from collections.abc import Sequence
from dataclasses import replace

from skyassets.core.training.hardware import Hardware
from skyassets.core.training.spec import Saving, Training, TrainPlan
from skyassets.core.training.steps import steps_of, units_of
from skyassets.engines.host.machine import this_machine
from skyassets.project.deployment import Deployment
from skyassets.stages.training.plan import plan

SAVES_OF_A_SHORT_RUN = 2
"""A run of fewer than 200 steps is saved about this often, instead of every 100 steps. A save takes as long as several
steps: all that DeepSpeed holds is written, and flushed to the disk."""


def planned(deployment: Deployment, training: Training, lengths: Sequence[int], learned: int = 0) -> TrainPlan:
    """The plan of `training` on examples of these lengths, on this machine.

    Raises:
        GateError: when there is nothing to train on.
        TrainerError: when it does not fit, naming what would.
        ServerError: when the base model's config is not available.
    """
    return plan(
        training,
        deployment.shape(training.base),
        lengths,
        priced(this_machine(), deployment),
        deployment.overrides,
        saving(deployment, training, lengths),
        learned,
    )


def priced(hardware: Hardware, deployment: Deployment) -> Hardware:
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
