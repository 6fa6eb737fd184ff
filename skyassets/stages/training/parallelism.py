"""Candidate layouts for a training run: every layout the user's overrides allow, and whether it fits in memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from skyassets.core.errors import TrainerError
from skyassets.core.training.hardware import Hardware
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import Layout, Memory, Saving, Training
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
ON_CPUS = tuple((stage, "none", recompute) for recompute in (False, True) for stage in (1, 2, 3))


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
class PlanInputs:
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


def candidates(inputs: PlanInputs) -> list[Candidate]:
    """Every layout that the overrides allow, simplest first.

    Raises:
        TrainerError: If an override is invalid or two conflict; the message suggests what to use instead.
    """
    problem = next(_problems(inputs), None)
    if problem is not None:
        raise TrainerError(f"invalid layout: {problem}")
    training, hardware = inputs.training, inputs.hardware
    longest = min(max(inputs.lengths), training.cutoff)
    evaluated = []
    for layout in _layouts(training, hardware, inputs.overrides):
        rows = 1 if training.packing else min(layout.micro_batch, training.global_batch)
        tokens = training.cutoff if training.packing else rows * longest
        row = training.cutoff if training.packing else longest
        load = Load(tokens, tokens, is_masked=training.packing or rows > 1, row=row)
        peak = memory(training, layout, inputs.shape, hardware, load)
        evaluated.append(Candidate(layout, peak, _need(peak, layout, hardware)))
    return evaluated


def _layouts(training: Training, hardware: Hardware, overrides: LayoutOverrides) -> Iterator[Layout]:
    is_gpu = hardware.device.is_gpu
    ranks = overrides.ranks or (hardware.devices if is_gpu else 1)
    stages = ON_GPUS if is_gpu else ON_CPUS
    variants = [
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
        for stage, offload, recompute in dict.fromkeys(variants):
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


def _need(peak: Memory, layout: Layout, hardware: Hardware) -> float:
    device = hardware.device
    # CPU ranks share the machine's memory.
    on_device = peak.total * (1 if device.is_gpu else layout.ranks / layout.nodes) / (device.memory_gb * ROOM)
    host = hardware.host_memory_gb
    return max(on_device, peak.host / (host * ROOM) if host else 0.0)


def _problems(inputs: PlanInputs) -> Iterator[str]:
    hardware, overrides = inputs.hardware, inputs.overrides
    is_gpu, stage, offload = hardware.device.is_gpu, overrides.zero_stage, overrides.offload
    ranks = overrides.ranks or (hardware.devices if is_gpu else 1)
    if overrides.ranks is not None and overrides.ranks <= 0:
        yield f"ranks = {overrides.ranks}; use 1 or more"
    if is_gpu and ranks > hardware.devices:
        yield f"{ranks} ranks on {hardware.devices} devices; each rank needs a GPU: use fewer ranks, or more GPUs"
    if ranks % min(hardware.nodes, ranks):
        yield f"{ranks} ranks on {hardware.nodes} nodes; use a multiple"
    if overrides.micro_batch is not None and overrides.micro_batch <= 0:
        yield f"micro batch {overrides.micro_batch}; use 1 or more"
    if stage not in (None, 0, 1, 2, 3):
        yield f"ZeRO stage {stage}; use 0, 1, 2 or 3"
    for name, known in (("offload", OFFLOADS), ("attention", ATTENTIONS), ("loss", LOSSES)):
        value = getattr(overrides, name)
        if value is not None and value not in known:
            yield f"{name} {value!r}; use {' or '.join(known)}"
    if offload not in (None, "none") and not is_gpu:
        yield f"offload {offload!r} on a CPU; its memory is the main memory already: omit it"
    if offload == "all" and stage not in (None, 3):
        yield f"offload 'all' with ZeRO stage {stage}; parameters need stage 3: use 3, or offload 'optimizer'"
    if offload == "optimizer" and stage not in (None, 2, 3):
        yield f"offload 'optimizer' with ZeRO stage {stage}; use stage 2 or 3"
    kernels = [name for name in (overrides.attention, overrides.loss) if name and name.startswith(("flash", "liger"))]
    if kernels and not is_gpu:
        yield f"{' and '.join(kernels)} on a CPU; needs a GPU: use sdpa and chunked"
    yield from _sequence_parallel_problems(inputs, ranks)


def _sequence_parallel_problems(inputs: PlanInputs, ranks: int) -> Iterator[str]:
    overrides, heads, keys = inputs.overrides, inputs.shape.heads, inputs.shape.kv_heads
    groups = overrides.sequence_parallel
    if groups == 1:
        return
    setting = f"sequence_parallel = {groups}"
    if groups <= 0 or ranks % groups or heads % groups or (keys % groups and groups % keys):
        yield (
            f"{setting} with {ranks} ranks, {heads} heads and {keys} key-value heads; "
            "use a number that divides them all (or is a multiple of the last)"
        )
    if inputs.training.packing:
        # DeepSpeed-Ulysses loses the boundaries between packed examples.
        yield f"packing with {setting}; omit one of them"
    if overrides.micro_batch not in (None, 1):
        yield f"micro batch {overrides.micro_batch} with {setting}; ranks share one example at a time: use 1"
    if overrides.zero_stage not in (None, SHARING):
        yield f"ZeRO stage {overrides.zero_stage} with {setting}; use 3"
    if overrides.attention == "eager":
        yield f"eager attention with {setting}; use sdpa or flash_attention_2"
