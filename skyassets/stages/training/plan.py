"""The plan of a training run: the chosen layout, its memory, time and cost, and the command to run.

Nothing here affects the trained weights: the settings that do are in `arguments`.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from skyassets.core.errors import GateError, TrainerError
from skyassets.core.training.hardware import Hardware
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import Lora, Saving, Training, TrainPlan
from skyassets.stages.training import arguments
from skyassets.stages.training.batching import Epoch, epoch
from skyassets.stages.training.memory import disk_gb
from skyassets.stages.training.parallelism import ROOM, Candidate, LayoutOverrides, candidates
from skyassets.stages.training.time import duration

NODE = 8
"""GPUs per node in suggestions."""
MOST_NODES = 32
SHORTEST = 512
"""The shortest suggested cutoff, in tokens."""


@dataclass(frozen=True)
class Question:
    """The inputs of a plan."""

    training: Training
    shape: ModelShape
    lengths: Sequence[int]
    """Tokens of each example."""
    hardware: Hardware
    overrides: LayoutOverrides = field(default_factory=LayoutOverrides)
    saving: Saving = field(default_factory=Saving)
    learned: int = 0
    """Tokens of all examples that the loss is computed on; 0 if unknown."""


def plan(
    training: Training,
    shape: ModelShape,
    lengths: Sequence[int],
    hardware: Hardware,
    overrides: LayoutOverrides,
    saving: Saving,
    learned: int = 0,
) -> TrainPlan:
    """Plan `training` on examples of these lengths, with the fastest layout that fits.

    Raises:
        GateError: If there is nothing to train on.
        TrainerError: If an example is too long, an override is invalid, or nothing fits; the message says what would.
    """
    question = Question(training, shape, lengths, hardware, overrides, saving, learned)
    plans = [each for each in plans_of(question) if each[0].fits]
    if not plans:
        raise TrainerError(refusal(question))
    return chosen(plans)[1]


def plans_of(question: Question) -> list[tuple[Candidate, TrainPlan]]:
    """Every layout that the overrides allow, fitting or not, each with its plan; simplest first.

    Raises:
        GateError: If there is nothing to train on.
        TrainerError: If an example is too long, or an override is invalid.
    """
    training, lengths = question.training, question.lengths
    if not lengths:
        raise GateError("checkpoint: sft_dataset keeps no example, so there is nothing to train on")
    if max(lengths) > training.cutoff:
        raise TrainerError(
            f"an example of {max(lengths)} tokens is longer than the cutoff of {training.cutoff}; "
            "drop over-long rows before training, nothing is cut here"
        )
    found = candidates(training, question.shape, max(lengths), question.hardware, question.overrides)
    by_size = {each.layout.micro_batch: each.layout for each in found}
    is_gpu = question.hardware.device.is_gpu
    dealt = {
        size: epoch(training, lengths, layout, is_padded=is_gpu or layout.attention != "sdpa")
        for size, layout in by_size.items()
    }
    return [(each, _planned(question, each, dealt[each.layout.micro_batch])) for each in found]


def chosen(plans: Sequence[tuple[Candidate, TrainPlan]]) -> tuple[Candidate, TrainPlan]:
    """The fastest plan, or the first if the speed is unknown."""
    return min(plans, key=lambda each: each[1].hours or 0.0)


def _planned(question: Question, candidate: Candidate, one: Epoch) -> TrainPlan:
    training, hardware, layout = question.training, question.hardware, candidate.layout
    steps = training.epochs * one.steps
    time = duration(training, layout, question.saving, question.shape, hardware, question.lengths, one)
    price = hardware.device.dollars_hour
    return TrainPlan(
        training=training,
        layout=layout,
        saving=question.saving,
        hardware=hardware,
        examples=len(question.lengths),
        tokens=training.epochs * sum(question.lengths),
        learned_tokens=training.epochs * question.learned,
        steps=steps,
        fill=one.fill,
        memory=candidate.memory,
        disk_gb=disk_gb(training, question.shape, question.saving),
        hours=time.hours if time else None,
        dollars=time.hours * layout.ranks * price if time and price else None,
        assumptions=time.assumptions if time else (f"nobody knows the speed of {hardware.device.name}",),
        files=arguments.files(training, layout, question.saving, steps),
        argv=arguments.argv(layout),
    )


def refusal(question: Question) -> str:
    """The message if nothing fits: the layout closest to fitting, its memory use, and what would fit."""
    nearest = min(_candidates(question), key=lambda each: each.need)
    layout, held, device = nearest.layout, nearest.memory, question.hardware.device
    terms = ("parameters", "gradients", "optimizer", "activations", "logits", "overhead")
    parts = ", ".join(f"{name} {getattr(held, name):.1f}" for name in terms)
    host = f"; main memory {held.host:.0f} of {question.hardware.host_memory_gb:.0f} GB" if held.host else ""
    ways = list(remedies(question))
    return (
        f"{question.training.base} at {question.training.cutoff} tokens does not fit on "
        f"{question.hardware.devices} x {device.name}: the nearest layout (ZeRO-{layout.zero_stage}, offload "
        f"{layout.offload}, {layout.ranks} ranks, micro batch {layout.micro_batch}) needs {held.total:.1f} GB a rank "
        f"({parts}), and a device has {device.memory_gb:.1f} GB, of which {ROOM:.0%} are planned with{host}. "
        + (f"What would fit: {'; '.join(ways)}" if ways else "No change that is known here would make it fit")
    )


def remedies(question: Question) -> Iterator[str]:
    """The single changes that would make a layout fit, each checked with the same estimate."""
    overrides, training, hardware = question.overrides, question.training, question.hardware
    freed = (
        ("zero_stage", replace(overrides, zero_stage=None), "another ZeRO stage"),
        ("offload", replace(overrides, offload=None), "offload"),
        ("micro_batch", replace(overrides, micro_batch=1), "a micro batch of 1"),
        ("recompute", replace(overrides, recompute=None), "recomputed activations"),
        ("loss", replace(overrides, loss=None), "the chunked loss"),
    )
    for name, freer, words in freed:
        if getattr(overrides, name) is not None and (fit := _fitting(replace(question, overrides=freer))):
            layout = fit.layout
            yield f"{words} (ZeRO-{layout.zero_stage}, offload {layout.offload}, micro batch {layout.micro_batch})"
    if hardware.device.is_gpu:
        larger = next((each for each in _larger(hardware) if _fitting(_on(question, each))), None)
        if larger:
            yield f"{larger.devices} x {hardware.device.name}" + (f" on {larger.nodes} nodes" * (larger.nodes > 1))
    else:
        need = min(each.need for each in _candidates(question))
        yield f"{math.ceil(need * hardware.device.memory_gb)} GB of memory"
    shorter = training.cutoff // 2
    while shorter >= SHORTEST:
        if _fitting(replace(question, training=replace(training, cutoff=shorter))):
            yield f"a cutoff of {shorter} tokens"
            break
        shorter //= 2
    if training.lora is None and _fitting(replace(question, training=replace(training, lora=Lora()))):
        yield f"LoRA of rank {Lora().rank}"


def _larger(hardware: Hardware) -> Iterator[Hardware]:
    """More of the same devices: a whole node, then 2, 4, 8 and more nodes."""
    a_card = hardware.host_memory_gb / hardware.count
    count = hardware.count
    while count < NODE:
        count = min(count * 2, NODE)
        yield replace(hardware, count=count, host_memory_gb=a_card * count)
    nodes = hardware.nodes
    while nodes < MOST_NODES:
        nodes *= 2
        yield replace(hardware, count=count, nodes=nodes, host_memory_gb=a_card * count)


def _on(question: Question, hardware: Hardware) -> Question:
    return replace(question, hardware=hardware, overrides=replace(question.overrides, ranks=None))


def _candidates(question: Question) -> list[Candidate]:
    longest = min(max(question.lengths), question.training.cutoff)
    return candidates(question.training, question.shape, longest, question.hardware, question.overrides)


def _fitting(question: Question) -> Candidate | None:
    try:
        return next((each for each in _candidates(question) if each.fits), None)
    except TrainerError:
        # The change conflicts with another override.
        return None
