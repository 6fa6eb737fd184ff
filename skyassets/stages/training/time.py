"""Estimates how long a training run takes, from its compute and traffic; every assumption is a reported constant.

The parts are assumed to run one after the other. Any overlap makes a run faster than the estimate.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from skyassets.core.training.hardware import Device
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import Layout, Saving, Training
from skyassets.stages.training.batching import EpochBatches
from skyassets.stages.training.memory import ADAM, FP32, number_size, trained
from skyassets.stages.training.parallelism import PlanInputs

GIGA = 1e9
HOUR = 3600.0
BUSY = 0.40
"""Share of peak FLOPs while computing, recomputation included. Llama-class models on H100 reach 0.33 to 0.50:
TorchTitan (Liang et al. 2024, arXiv 2410.06511), and 0.43 to 0.57 on A100 (Korthikanti et al. 2022)."""
LINK_SHARE = 0.6
"""Share of a link's rated bandwidth that collectives of one layer's size achieve."""
HOST_SHARE = 0.2
"""Share of the bandwidth to main memory that each GPU gets when all copy at once: about 3 of 16 GB/s on
ZeRO-Infinity's 16-GPU machines (Rajbhandari et al. 2021, arXiv 2104.07857)."""
NETWORK = 50.0
"""GB/s from a GPU to another node: one 400 Gb/s adapter per GPU."""
ADAM_RATE = 4e9
"""Weights per second that a node's CPUs update: the rate of DeepSpeed's CPU Adam for models of 1 to 10 billion weights
(Ren et al. 2021, arXiv 2101.06840)."""
DISK = 2.0
"""GB/s at which a node's disk writes a checkpoint."""


@dataclass(frozen=True)
class Duration:
    """The estimated duration of a run, with its parts."""

    parts: dict[str, float]
    """Seconds by activity."""
    mfu: float
    """Model FLOPs utilisation: the share of peak spent on training, without recomputation, padding and waiting."""
    assumptions: tuple[str, ...]

    @property
    def hours(self) -> float:
        """Total hours of all parts."""
        return sum(self.parts.values()) / HOUR


def duration(inputs: PlanInputs, layout: Layout, batches: EpochBatches) -> Duration | None:
    """The duration of a run of epochs of `batches`; None if the device's speed is unknown."""
    training, shape, device = inputs.training, inputs.shape, inputs.hardware.device
    if device.tflops is None:
        return None
    peak = device.tflops * 1e12
    micro_steps, steps = training.epochs * len(batches.micro_steps), training.epochs * batches.steps
    # The forward pass is a third of the operations, the weight gradients another third.
    again = (1 if layout.recompute else 0) - (1 if training.lora else 0)
    computing = (
        (1 + again / 3)
        * training.epochs
        * sum(each.tokens * shape.training_flops(each.attended) for each in batches.micro_steps)
    )
    parts = {"computing": computing / (peak * BUSY * layout.sequence_parallel)}
    parts |= _traffic(training, layout, shape, device, micro_steps, steps)
    learned = trained(training, shape)
    if layout.offload != "none":
        parts["optimizer steps on the CPUs"] = steps * learned / (ADAM_RATE * layout.nodes)
    saves = steps // inputs.saving.every + 1
    parts["saving"] = saves * learned * (FP32 + ADAM + number_size(training)) / (DISK * GIGA * layout.nodes)
    useful = training.epochs * sum(length * shape.training_flops(length) for length in inputs.lengths)
    mfu = useful / (sum(parts.values()) * peak * layout.ranks)
    by_part = ", ".join(f"{name} {seconds / HOUR:.2g}" for name, seconds in parts.items())
    total = f"hours by part: {by_part}; {mfu:.1%} model FLOPs utilisation"
    return Duration(parts, mfu, (*_assumptions(layout, device, inputs.saving), total))


def _traffic(
    training: Training, layout: Layout, shape: ModelShape, device: Device, micro_steps: int, steps: int
) -> dict[str, float]:
    """Seconds of communication between GPUs and with main memory, over the whole run."""
    size, ranks = number_size(training), layout.ranks
    weights, learned = shape.parameters * size, trained(training, shape)
    others = (ranks - 1) / ranks
    link = (NETWORK if layout.nodes > 1 else device.link_gb_s) * LINK_SHARE * GIGA
    connections = device.host_gb_s * HOST_SHARE * GIGA
    parts = {}
    if layout.zero_stage == 3:
        # Gathered once for the forward and once for the backward pass; recomputation reuses the gathered layer.
        parts["gathering weights"] = micro_steps * 2 * weights * others / link if ranks > 1 else 0.0
        parts["summing gradients"] = micro_steps * learned * size * others / link if ranks > 1 else 0.0
    elif ranks > 1:
        sums = micro_steps * learned * size if layout.zero_stage == 2 else steps * 2 * learned * FP32
        parts["gathering weights"] = steps * weights * others / link
        parts["summing gradients"] = sums * others / link
    if layout.offload == "all":
        parts["fetching weights from main memory"] = micro_steps * 2 * weights / ranks / connections
    if layout.offload != "none":
        # The first micro step of a step only writes its float32 sums; every other one reads and writes them.
        trips = 2 * micro_steps - steps
        parts["gradients to main memory and back"] = trips * learned * FP32 / ranks / connections
    return parts


def _assumptions(layout: Layout, device: Device, saving: Saving) -> Iterator[str]:
    recomputed = ", a third more operations for recomputed activations" if layout.recompute else ""
    yield f"computing at {BUSY:.0%} of {device.name}'s {device.tflops:,.0f} dense bf16 TFLOPS{recomputed}"
    yield "nothing overlaps: computing, links, main memory and disk wait for one another"
    if layout.ranks > 1:
        link = NETWORK if layout.nodes > 1 else device.link_gb_s
        yield f"{link * LINK_SHARE:.0f} GB/s per GPU between GPUs ({LINK_SHARE:.0%} of {link:.0f})"
    if layout.zero_stage == 3 and layout.ranks > 1:
        yield "each micro step gathers all weights twice and sums all gradients once"
    if layout.offload != "none":
        yield (
            f"{device.host_gb_s * HOST_SHARE:.0f} GB/s per GPU to main memory ({HOST_SHARE:.0%} of "
            f"{device.host_gb_s:.0f}), and a node's CPUs update {ADAM_RATE / GIGA:.0f} billion weights a second"
        )
    yield f"a checkpoint every {saving.every} steps at {DISK:.0f} GB/s"
