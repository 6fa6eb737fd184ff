"""What a rank of a training run holds at its peak, term by term: arithmetic over the model's shape and the layout.

What DeepSpeed 0.19 keeps was read in its sources (`bf16_optimizer.py`, `stage_1_and_2.py`, `stage3.py`) and measured;
the activations are those of transformers 5's Llama-like layers, counted as Korthikanti et al. do (2022, arXiv
2205.05198): each tensor that the backward pass needs, once.
"""

from dataclasses import dataclass

from skyassets.core.training.hardware import Hardware
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import Layout, Memory, Saving, Training

GB = 1e9
FP32 = 4
ADAM = 2 * FP32
"""Bytes of the two moments of a trained weight (Kingma and Ba 2015)."""
STEP = 2 * FP32
"""Bytes a weight of a rank's share that are held while a step is taken, as measured: DeepSpeed's copies of the gradient
sums. torch's fused AdamW needs none of its own."""
CHUNK = 1_024
"""Tokens whose logits the chunked loss, and about that of liger, has at a time."""
LOGITS = 2 * FP32
"""Bytes of a token's logit for one word: as float32, and what is computed of it."""
ALL_LOGITS = 3 * FP32 + 2
"""The same where torch computes the loss: it keeps the logits, their log-softmax and its gradient."""
BUCKET = 500_000_000
"""Numbers of DeepSpeed's default `reduce_bucket_size`: gradients on their way to the rank that sums them."""
LIVE = 1_000_000_000
"""Weights of DeepSpeed's default `stage3_max_live_parameters`: what ZeRO-3 keeps gathered at once, at most."""
GROUP = 1_000_000_000
"""Weights of DeepSpeed's default `sub_group_size`: what ZeRO-3 steps at once."""
WITH_MASK = ("sdpa", "eager")
GPU_LIBRARIES = 2.0
"""GB of a CUDA context, cuBLAS' workspaces and NCCL's buffers."""
GPU_SLACK = 0.05
"""The share that torch's allocator holds and cannot use."""
CPU_LIBRARIES = 0.5
"""GB of torch, transformers and DeepSpeed in a process, without the files that are merely mapped."""
HOST_LIBRARIES = 4.0
"""GB of main memory of a rank that trains on a GPU."""


@dataclass(frozen=True)
class Load:
    """The largest micro batch of a run."""

    tokens: int
    """Of all its rows, padding included."""
    learned: int
    """Those of them that the loss is taken on."""
    is_masked: bool = False
    """Whether attention needs a mask: rows are padded, or hold several examples."""
    row: int = 0
    """Tokens of one row; 0 leaves out what grows with its square."""


def memory(training: Training, layout: Layout, shape: ModelShape, hardware: Hardware, load: Load) -> Memory:
    """The expected peak of one rank; `host` is for all ranks of a node."""
    held = _states(training, layout, shape)
    logits = _logits(training, layout, shape, load)
    activations = _activations(training, layout, shape, load, logits)
    is_gpu = hardware.device.is_gpu
    # A step begins when the activations are gone: it needs room of its own only where what they took cannot be reused.
    # The C library of a processor keeps what it held in small pieces; large ones, as logits are, it gives back.
    reused = logits + (activations + held.passing if is_gpu else 0.0)
    stepping = max(0.0, held.stepping - reused)
    # Between processors gloo sums and gathers in copies: about one of all that is trained, as measured.
    copies = number_size(training) * trained(training, shape) if layout.ranks > 1 else 0
    overhead = CPU_LIBRARIES * GB + copies
    if is_gpu:
        overhead = GPU_LIBRARIES * GB + GPU_SLACK * (held.kept + activations + logits) + held.passing
    return Memory(
        parameters=held.parameters / GB,
        gradients=held.gradients / GB,
        optimizer=(held.optimizer + stepping) / GB,
        activations=activations / GB,
        logits=logits / GB,
        overhead=overhead / GB,
        host=_host(held, layout, hardware) + _at_the_end(training, layout, shape, hardware),
    )


def trained(training: Training, shape: ModelShape) -> int:
    """How many numbers are learned: all weights, or those of the adapters of all linear layers."""
    lora = training.lora
    return shape.parameters if lora is None else lora.rank * shape.layers * shape.linears


def number_size(training: Training) -> int:
    """Bytes of a weight, a gradient and an activation."""
    return FP32 if training.precision == "fp32" else 2


def disk_gb(training: Training, shape: ModelShape, saving: Saving) -> float:
    """What the saves and the finished weights take.

    One save more than is kept, for the new one is there before the oldest goes; in each the master weights, both
    moments, and the weights as they are computed with.
    """
    size = number_size(training)
    a_save = trained(training, shape) * (FP32 + ADAM + size)
    return (a_save * (saving.keep + 1) + shape.parameters * size) / GB


@dataclass(frozen=True)
class _States:
    """Bytes on the device whatever the batch is; `on_host` those in main memory instead, of one rank."""

    parameters: float
    gradients: float
    optimizer: float
    stepping: float
    """For the length of an optimiser step."""
    passing: float
    """For the length of a backward pass, beside the gradients that stay."""
    on_host: float

    @property
    def kept(self) -> float:
        return self.parameters + self.gradients + self.optimizer


def _states(training: Training, layout: Layout, shape: ModelShape) -> _States:
    ranks, size = layout.ranks, number_size(training)
    learned = trained(training, shape)
    share = learned / ranks
    optimizer, stepping = share * (FP32 + ADAM), share * STEP
    passing, on_host = 0.0, 0.0
    if layout.zero_stage == 3:
        parameters = shape.parameters * size / ranks
        gradients = share * FP32
        if ranks > 1:
            parameters += size * min(LIVE, shape.parameters)
        passing = size * min(BUCKET, learned)
        # It steps a group of weights at a time, each with a copy of its gradient sums.
        stepping = min(share, GROUP) * (STEP + FP32)
    elif layout.zero_stage == 2 or layout.offload != "none":
        parameters = float(shape.parameters * size)
        gradients = share * FP32
        passing = 2.0 * size * min(BUCKET, learned)
    else:
        # Both the gradients of a micro batch and their float32 sums stay whole between the steps.
        parameters = float(shape.parameters * size)
        gradients = learned * (size + FP32 if size < FP32 else FP32)
    if layout.offload != "none":
        on_host, optimizer, gradients, stepping = optimizer + share * FP32, 0.0, 0.0, 0.0
    if layout.offload == "all":
        on_host += shape.parameters * size / ranks
        parameters -= shape.parameters * size / ranks
    return _States(parameters, gradients, optimizer, stepping, passing, on_host)


def _activations(training: Training, layout: Layout, shape: ModelShape, load: Load, logits: float) -> float:
    tokens = load.tokens / layout.sequence_parallel
    size = number_size(training)
    layer = tokens * _layer(training, layout, shape, load)
    # A mask is one byte a pair of tokens, for all layers; flash attention needs none.
    mask = load.tokens * load.row if load.is_masked and layout.attention in WITH_MASK else 0
    # The backward pass of an MLP holds three gradients of its width beside what was kept, after the logits are gone.
    passing = max(0.0, tokens * size * (3 * shape.intermediate + 2 * shape.hidden) - logits)
    if layout.recompute:
        return tokens * size * shape.hidden * (shape.layers + 2) + layer + passing + mask
    return tokens * size * shape.hidden * 2 + layer * shape.layers + passing + mask


def _layer(training: Training, layout: Layout, shape: ModelShape, load: Load) -> float:
    """Bytes of a token that one layer keeps for its backward pass."""
    size = number_size(training)
    if layout.loss == "liger":
        # Its fused norms keep their input and its own copy, its fused SwiGLU the two inputs and the product.
        norms, gated = 2 * 2 * size * shape.hidden, 3 * size * shape.intermediate
    else:
        # A norm works in float32: it keeps its input so, what it says, and that before its weight if that is learned.
        said = size if training.lora else 2 * size
        norms, gated = 2 * (FP32 + said) * shape.hidden, 4 * size * shape.intermediate
    # sdpa with a mask repeats keys and values for each query head.
    is_repeated = layout.attention in WITH_MASK and load.is_masked
    keys = shape.queries if is_repeated else shape.keys
    attention = size * (2 * shape.queries + 2 * keys) + FP32 * shape.heads
    if layout.attention == "eager":
        # Every score and its share, in float32 and rounded: what flash attention was made to avoid (arXiv 2205.14135).
        attention += shape.heads * load.row * (size + FP32)
    return norms + gated + attention


def _logits(training: Training, layout: Layout, shape: ModelShape, load: Load) -> float:
    tokens = load.learned / layout.sequence_parallel
    if layout.loss == "plain":
        return tokens * shape.vocabulary * ALL_LOGITS
    size, is_one_chunk = number_size(training), tokens <= CHUNK
    head = 0
    if training.lora is None:
        # The output layer's gradient and a scaled copy of it; that of several chunks is summed in float32.
        head = shape.vocabulary * shape.hidden * (2 * size if is_one_chunk else FP32 + size)
    return min(tokens, CHUNK) * shape.vocabulary * LOGITS + head


def _at_the_end(training: Training, layout: Layout, shape: ModelShape, hardware: Hardware) -> float:
    """GB of main memory that the first node needs to write the weights: gathered, or merged in float32."""
    if not hardware.device.is_gpu:
        return 0.0
    if training.lora is not None:
        return shape.parameters * FP32 / GB
    return shape.parameters * number_size(training) / GB if layout.zero_stage == 3 else 0.0


def _host(held: _States, layout: Layout, hardware: Hardware) -> float:
    if not hardware.device.is_gpu:
        return 0.0
    return layout.ranks / layout.nodes * (held.on_host / GB + HOST_LIBRARIES)
