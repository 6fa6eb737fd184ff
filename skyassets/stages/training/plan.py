"""The plan of a training run: the chosen layout, its memory, time and cost, and the command to run.

Nothing here affects the trained weights: the settings that do are in `arguments`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from skyassets.core.errors import GateError, TrainerError
from skyassets.core.training.hardware import Hardware
from skyassets.core.training.spec import Lora, TrainPlan
from skyassets.stages.training import arguments
from skyassets.stages.training.batching import EpochBatches, epoch_batches
from skyassets.stages.training.memory import disk_gb
from skyassets.stages.training.parallelism import ROOM, Candidate, PlanInputs, candidates
from skyassets.stages.training.time import duration

NODE = 8
"""GPUs per node in suggestions."""
MOST_NODES = 32
SHORTEST = 512
"""The shortest suggested cutoff, in tokens."""


def plan(inputs: PlanInputs) -> TrainPlan:
    """The plan with the fastest layout that fits.

    Raises:
        GateError: If there is nothing to train on.
        TrainerError: If an example is too long, an override is invalid, or nothing fits; the message says what would.
    """
    plans = [each for each in plans_of(inputs) if each[0].fits]
    if not plans:
        raise TrainerError(refusal(inputs))
    return fastest(plans)[1]


def plans_of(inputs: PlanInputs) -> list[tuple[Candidate, TrainPlan]]:
    """Every layout that the overrides allow, fitting or not, each with its plan; simplest first.

    Raises:
        GateError: If there is nothing to train on.
        TrainerError: If an example is too long, or an override is invalid.
    """
    training, lengths = inputs.training, inputs.lengths
    if not lengths:
        raise GateError("checkpoint: sft_dataset keeps no example, so there is nothing to train on")
    if max(lengths) > training.cutoff:
        raise TrainerError(
            f"an example of {max(lengths)} tokens is longer than the cutoff of {training.cutoff}; "
            "drop longer rows before training, because examples are not truncated"
        )
    possible = candidates(inputs)
    by_size = {each.layout.micro_batch: each.layout for each in possible}
    is_gpu = inputs.hardware.device.is_gpu
    batches = {
        size: epoch_batches(training, lengths, layout, is_padded=is_gpu or layout.attention != "sdpa")
        for size, layout in by_size.items()
    }
    return [(each, _planned(inputs, each, batches[each.layout.micro_batch])) for each in possible]


def fastest(plans: Sequence[tuple[Candidate, TrainPlan]]) -> tuple[Candidate, TrainPlan]:
    """The fastest plan, or the first if the speed is unknown."""
    return min(plans, key=lambda each: each[1].hours or 0.0)


def _planned(inputs: PlanInputs, candidate: Candidate, batches: EpochBatches) -> TrainPlan:
    training, hardware, layout = inputs.training, inputs.hardware, candidate.layout
    steps = training.epochs * batches.steps
    time = duration(inputs, layout, batches)
    price = hardware.device.dollars_hour
    return TrainPlan(
        training=training,
        layout=layout,
        saving=inputs.saving,
        hardware=hardware,
        examples=len(inputs.lengths),
        tokens=training.epochs * sum(inputs.lengths),
        learned_tokens=training.epochs * inputs.learned,
        steps=steps,
        fill=batches.fill,
        memory=candidate.memory,
        disk_gb=disk_gb(training, inputs.shape, inputs.saving),
        hours=time.hours if time else None,
        dollars=time.hours * layout.ranks * price if time and price else None,
        assumptions=time.assumptions if time else (f"the speed of {hardware.device.name} is unknown",),
        files=arguments.files(training, layout, inputs.saving, steps),
        argv=arguments.argv(layout),
    )


def refusal(inputs: PlanInputs) -> str:
    """The message if nothing fits: the layout closest to fitting, its memory use, and what would fit."""
    nearest = min(candidates(inputs), key=lambda each: each.need)
    layout, memory, device = nearest.layout, nearest.memory, inputs.hardware.device
    terms = ("parameters", "gradients", "optimizer", "activations", "logits", "overhead")
    parts = ", ".join(f"{name} {getattr(memory, name):.1f}" for name in terms)
    host = f"; main memory {memory.host:.0f} of {inputs.hardware.host_memory_gb:.0f} GB" if memory.host else ""
    changes = list(remedies(inputs))
    return (
        f"{inputs.training.base} at {inputs.training.cutoff} tokens does not fit on "
        f"{inputs.hardware.devices} x {device.name}: the nearest layout (ZeRO-{layout.zero_stage}, offload "
        f"{layout.offload}, {layout.ranks} ranks, micro batch {layout.micro_batch}) needs {memory.total:.1f} GB per "
        f"rank ({parts}), and a device has {device.memory_gb:.1f} GB, of which {ROOM:.0%} can be used{host}. "
        + (f"What would fit: {'; '.join(changes)}" if changes else "No single change would make it fit")
    )


def remedies(inputs: PlanInputs) -> Iterator[str]:
    """The single changes that would make a layout fit, each checked with the same estimate."""
    overrides, training, hardware = inputs.overrides, inputs.training, inputs.hardware
    relaxed = (
        ("zero_stage", replace(overrides, zero_stage=None), "another ZeRO stage"),
        ("offload", replace(overrides, offload=None), "offload"),
        ("micro_batch", replace(overrides, micro_batch=1), "a micro batch of 1"),
        ("recompute", replace(overrides, recompute=None), "recomputed activations"),
        ("loss", replace(overrides, loss=None), "the chunked loss"),
    )
    for name, fewer_overrides, words in relaxed:
        if getattr(overrides, name) is not None and (fit := _fitting(replace(inputs, overrides=fewer_overrides))):
            layout = fit.layout
            yield f"{words} (ZeRO-{layout.zero_stage}, offload {layout.offload}, micro batch {layout.micro_batch})"
    if hardware.device.is_gpu:
        larger = next((each for each in _larger(hardware) if _fitting(_on(inputs, each))), None)
        if larger:
            yield f"{larger.devices} x {hardware.device.name}" + (f" on {larger.nodes} nodes" * (larger.nodes > 1))
    else:
        need = min(each.need for each in candidates(inputs))
        yield f"{math.ceil(need * hardware.device.memory_gb)} GB of memory"
    shorter = training.cutoff // 2
    while shorter >= SHORTEST:
        if _fitting(replace(inputs, training=replace(training, cutoff=shorter))):
            yield f"a cutoff of {shorter} tokens"
            break
        shorter //= 2
    if training.lora is None and _fitting(replace(inputs, training=replace(training, lora=Lora()))):
        yield f"LoRA of rank {Lora().rank}"


def _larger(hardware: Hardware) -> Iterator[Hardware]:
    """More of the same devices: a whole node, then 2, 4, 8 and more nodes."""
    per_gpu = hardware.host_memory_gb / hardware.count
    count = hardware.count
    while count < NODE:
        count = min(count * 2, NODE)
        yield replace(hardware, count=count, host_memory_gb=per_gpu * count)
    nodes = hardware.nodes
    while nodes < MOST_NODES:
        nodes *= 2
        yield replace(hardware, count=count, nodes=nodes, host_memory_gb=per_gpu * count)


def _on(inputs: PlanInputs, hardware: Hardware) -> PlanInputs:
    return replace(inputs, hardware=hardware, overrides=replace(inputs.overrides, ranks=None))


def _fitting(inputs: PlanInputs) -> Candidate | None:
    try:
        return next((each for each in candidates(inputs) if each.fits), None)
    except TrainerError:
        # The change conflicts with another override.
        return None
