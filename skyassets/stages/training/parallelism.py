"""Candidate layouts for a training run: every layout the user's overrides allow, and whether it fits in memory."""

from collections.abc import Iterator
from dataclasses import dataclass

from skyassets.core.errors import TrainerError
from skyassets.core.training.hardware import Hardware
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import Layout, Memory, Training
from skyassets.stages.training.memory import Load, memory

ROOM = 0.92
"""The share of a device's memory that a plan uses; the rest is a margin for what the estimate does not cover."""
LONG = 2_048
"""Above this cutoff, a GPU processes one example at a time."""
SHARING = 3
"""The ZeRO stage that sequence parallelism requires: the other stages weight its gradients differently."""
OFFLOADS = ("none", "optimizer", "all")
ATTENTIONS = ("sdpa", "flash_attention_2", "flash_attention_3", "eager")
LOSSES = ("chunked", "liger", "plain")
ON_GPUS = (
    *((stage, "none", recompute) for stage in (1, 2, 3) for recompute in (False, True)),
    *((stage, "optimizer", recompute) for stage in (2, 3) for recompute in (False, True)),
    (3, "all", False),
    (3, "all", True),
)
"""ZeRO stage, offload and recomputation, from the simplest to the one that needs the least memory."""
ON_PROCESSORS = tuple((stage, "none", recompute) for recompute in (False, True) for stage in (1, 2, 3))


@dataclass(frozen=True)
class LayoutOverrides:
    """User overrides of the planned layout; None leaves the choice to the plan."""

    ranks: int | None = None
    micro_batch: int | None = None
    zero_stage: int | None = None
    offload: str | None = None
    recompute: bool | None = None
    attention: str | None = None
    loss: str | None = None
    sequence_parallel: int = 1


@dataclass(frozen=True)
class Candidate:
    """A layout and its memory use."""

    layout: Layout
    memory: Memory
    need: float
    """Fraction of the available device or main memory used, whichever is larger; above 1 it does not fit."""

    @property
    def fits(self) -> bool:
        """Whether the layout fits in memory."""
        return self.need <= 1


def candidates(
    training: Training, shape: ModelShape, longest: int, hardware: Hardware, overrides: LayoutOverrides
) -> list[Candidate]:
    """Every layout that the overrides allow, simplest first, for examples of at most `longest` tokens.

    Raises:
        TrainerError: If an override is invalid or two conflict; the message suggests what to use instead.
    """
    _check(training, shape, hardware, overrides)
    made = []
    for layout in _layouts(training, hardware, overrides):
        rows = 1 if training.packing else min(layout.micro_batch, training.global_batch)
        tokens = training.cutoff if training.packing else rows * longest
        row = training.cutoff if training.packing else longest
        load = Load(tokens, tokens, is_masked=training.packing or rows > 1, row=row)
        held = memory(training, layout, shape, hardware, load)
        made.append(Candidate(layout, held, _need(held, layout, hardware)))
    return made


def _layouts(training: Training, hardware: Hardware, overrides: LayoutOverrides) -> Iterator[Layout]:
    is_gpu = hardware.device.is_gpu
    ranks = overrides.ranks or (hardware.devices if is_gpu else 1)
    stages = ON_GPUS if is_gpu else ON_PROCESSORS
    wanted = [
        (stage if overrides.zero_stage is None else overrides.zero_stage, offload, recompute)
        for stage, offload, recompute in stages
        if overrides.offload in (None, offload)
        and overrides.recompute in (None, recompute)
        and (overrides.zero_stage in (None, stage) or (overrides.zero_stage == 0 and stage == 1 and offload == "none"))
        # With a single rank there is nothing to shard: higher stages are only useful for offload.
        and (ranks > 1 or stage == 1 or offload != "none" or overrides.zero_stage == stage)
        and (stage == SHARING or overrides.sequence_parallel == 1)
    ]
    for micro_batch in _micro_batches(training, is_gpu, overrides):
        for stage, offload, recompute in dict.fromkeys(wanted):
            yield Layout(
                ranks=ranks,
                nodes=min(hardware.nodes, ranks),
                micro_batch=micro_batch,
                zero_stage=stage,
                offload=offload,
                recompute=recompute,
                attention=overrides.attention or "sdpa",
                loss=overrides.loss or "chunked",
                sequence_parallel=overrides.sequence_parallel,
            )


def _micro_batches(training: Training, is_gpu: bool, overrides: LayoutOverrides) -> tuple[int, ...]:
    if overrides.micro_batch is not None:
        return (overrides.micro_batch,)
    if training.packing or overrides.sequence_parallel > 1 or (is_gpu and training.cutoff > LONG):
        return (1,)
    return (4, 1) if is_gpu else (16, 4, 1)


def _need(held: Memory, layout: Layout, hardware: Hardware) -> float:
    device = hardware.device
    # CPU ranks share the machine's memory.
    on_device = held.total * (1 if device.is_gpu else layout.ranks / layout.nodes) / (device.memory_gb * ROOM)
    host = hardware.host_memory_gb
    return max(on_device, held.host / (host * ROOM) if host else 0.0)


def _check(training: Training, shape: ModelShape, hardware: Hardware, overrides: LayoutOverrides) -> None:
    is_gpu, ranks = hardware.device.is_gpu, overrides.ranks
    every = ranks or (hardware.devices if is_gpu else 1)
    groups = overrides.sequence_parallel
    kernels = [name for name in (overrides.attention, overrides.loss) if name and name.startswith(("flash", "liger"))]
    asked = (
        (ranks is None or ranks > 0, f"ranks = {ranks}", "say 1 or more"),
        (
            not is_gpu or every <= hardware.devices,
            f"{every} ranks on {hardware.devices} devices",
            "a GPU holds one rank: ask for fewer, or for more GPUs",
        ),
        (every % min(hardware.nodes, every) == 0, f"{every} ranks on {hardware.nodes} nodes", "say a multiple"),
        (
            overrides.micro_batch is None or overrides.micro_batch > 0,
            f"micro batch {overrides.micro_batch}",
            "say 1 or more",
        ),
        (overrides.zero_stage in (None, 0, 1, 2, 3), f"ZeRO stage {overrides.zero_stage}", "say 0, 1, 2 or 3"),
        *(
            (said is None or said in known, f"{what} {said!r}", f"say {' or '.join(known)}")
            for what, said, known in (
                ("offload", overrides.offload, OFFLOADS),
                ("attention", overrides.attention, ATTENTIONS),
                ("loss", overrides.loss, LOSSES),
            )
        ),
        (
            overrides.offload in (None, "none") or is_gpu,
            f"offload {overrides.offload!r} on a processor",
            "its memory is the main memory already: leave it out",
        ),
        (
            overrides.offload != "all" or overrides.zero_stage in (None, 3),
            f"offload 'all' with ZeRO stage {overrides.zero_stage}",
            "only stage 3 can offload parameters: say 3, or offload 'optimizer'",
        ),
        (
            overrides.offload != "optimizer" or overrides.zero_stage in (None, 2, 3),
            f"offload 'optimizer' with ZeRO stage {overrides.zero_stage}",
            "say stage 2 or 3",
        ),
        (is_gpu or not kernels, f"{' and '.join(kernels)} on a processor", "needs a GPU: say sdpa and chunked"),
        (
            groups > 0
            and every % groups == 0
            and shape.heads % groups == 0
            and (shape.kv_heads % groups == 0 or groups % shape.kv_heads == 0),
            f"sequence_parallel = {groups} with {every} ranks, {shape.heads} heads and {shape.kv_heads} of keys",
            "say a number that divides them all (or is a multiple of the last)",
        ),
        # DeepSpeed-Ulysses loses the boundaries between packed examples.
        (groups == 1 or not training.packing, f"packing with sequence_parallel = {groups}", "leave one of them out"),
        (
            groups == 1 or overrides.micro_batch in (None, 1),
            f"micro batch {overrides.micro_batch} with sequence_parallel = {groups}",
            "ranks share one example at a time: say 1",
        ),
        (
            groups == 1 or overrides.zero_stage in (None, SHARING),
            f"ZeRO stage {overrides.zero_stage} with sequence_parallel = {groups}",
            "say 3",
        ),
        (
            groups == 1 or overrides.attention != "eager",
            f"eager attention with sequence_parallel = {groups}",
            "say sdpa or flash_attention_2",
        ),
    )
    for fine, seen, instead in asked:
        if not fine:
            raise TrainerError(f"this layout cannot be had: {seen}; {instead}")
