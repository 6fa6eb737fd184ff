"""Estimates the peak memory of a rank in a training run, term by term, from the model's shape and the layout.

DeepSpeed 0.19's memory was read from its sources (`bf16_optimizer.py`, `stage_1_and_2.py`, `stage3.py`) and measured.
Activations are those of transformers 5's Llama-like layers, counted as in Korthikanti et al. (2022, arXiv 2205.05198):
each tensor that the backward pass needs, once.
"""

from dataclasses import dataclass

from skyassets.core.training.hardware import Hardware
from skyassets.core.training.model_shape import ModelShape
from skyassets.core.training.spec import Layout, Memory, Saving, Training

GB = 1e9
FP32 = 4
ADAM = 2 * FP32
"""Bytes of Adam's two moments per trained weight (Kingma and Ba 2015)."""
STEP = 2 * FP32
"""Measured bytes per weight of a rank's shard held during an optimiser step: DeepSpeed's copies of the gradient sums.
torch's fused AdamW needs no extra memory."""
CHUNK = 1_024
"""Tokens whose logits the chunked loss (and approximately the liger loss) holds at a time."""
LOGITS = 2 * FP32
"""Bytes per token and vocabulary entry: the float32 logit and one value computed from it."""
ALL_LOGITS = 3 * FP32 + 2
"""The same for torch's own loss, which keeps the logits, their log-softmax and its gradient."""
BUCKET = 500_000_000
"""DeepSpeed's default `reduce_bucket_size`, in elements: gradients in transit to the rank that sums them."""
LIVE = 1_000_000_000
"""DeepSpeed's default `stage3_max_live_parameters`, in weights: the most that ZeRO-3 keeps gathered at once."""
GROUP = 1_000_000_000
"""DeepSpeed's default `sub_group_size`, in weights: what ZeRO-3 updates at once."""
WITH_MASK = ("sdpa", "eager")
GPU_LIBRARIES = 2.0
"""GB of a CUDA context, cuBLAS' workspaces and NCCL's buffers."""
GPU_SLACK = 0.05
"""The share that torch's allocator loses to fragmentation."""
CPU_LIBRARIES = 0.5
"""GB of torch, transformers and DeepSpeed in a process, without memory-mapped files."""
HOST_LIBRARIES = 4.0
"""GB of main memory per rank that trains on a GPU."""


@dataclass(frozen=True)
class Load:
    """The largest micro batch of a run."""

    tokens: int
    """Tokens of all rows, padding included."""
    learned: int
    """Tokens that the loss is computed on."""
    is_masked: bool = False
    """Whether attention needs a mask, because rows are padded or hold several examples."""
    row: int = 0
    """Tokens of one row; 0 leaves out the quadratic terms."""


def memory(training: Training, layout: Layout, shape: ModelShape, hardware: Hardware, load: Load) -> Memory:
    """The expected peak of one rank; `host` is for all ranks of a node."""
    states = _states(training, layout, shape)
    logits = _logits(training, layout, shape, load)
    activations = _activations(training, layout, shape, load, logits)
    is_gpu = hardware.device.is_gpu
    # The optimiser step starts after the activations are freed, so it needs extra memory only beyond what can be reused
    # from them. On a CPU, malloc does not return small blocks; it returns large ones such as logits.
    reused = logits + (activations + states.passing if is_gpu else 0.0)
    stepping = max(0.0, states.stepping - reused)
    # On CPUs, gloo reduces and gathers in copies: about one copy of everything that is trained, as measured.
    copies = number_size(training) * trained(training, shape) if layout.ranks > 1 else 0
    overhead = CPU_LIBRARIES * GB + copies
    if is_gpu:
        overhead = GPU_LIBRARIES * GB + GPU_SLACK * (states.persistent + activations + logits) + states.passing
    return Memory(
        parameters=states.parameters / GB,
        gradients=states.gradients / GB,
        optimizer=(states.optimizer + stepping) / GB,
        activations=activations / GB,
        logits=logits / GB,
        overhead=overhead / GB,
        host=_host(states, layout, hardware) + _at_the_end(training, layout, shape, hardware),
    )


def trained(training: Training, shape: ModelShape) -> int:
    """The number of trained parameters: all weights, or the adapters of all linear layers."""
    lora = training.lora
    return shape.parameters if lora is None else lora.rank * shape.layers * shape.linears


def number_size(training: Training) -> int:
    """Bytes per weight, gradient and activation."""
    return FP32 if training.precision == "fp32" else 2


def disk_gb(training: Training, shape: ModelShape, saving: Saving) -> float:
    """Disk space of the training checkpoints and the final weights, in GB.

    One checkpoint more than is kept, because the new one is written before the oldest is deleted. Each holds the master
    weights, both moments, and the weights in the compute precision.
    """
    size = number_size(training)
    a_save = trained(training, shape) * (FP32 + ADAM + size)
    return (a_save * (saving.keep + 1) + shape.parameters * size) / GB


@dataclass(frozen=True)
class _States:
    """Bytes on the device that do not depend on the batch; `on_host` are one rank's bytes in main memory instead."""

    parameters: float
    gradients: float
    optimizer: float
    stepping: float
    """Needed only during an optimiser step."""
    passing: float
    """Needed only during a backward pass, in addition to the persistent gradients."""
    on_host: float

    @property
    def persistent(self) -> float:
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
        # Weights are updated one group at a time, with a copy of the group's gradient sums.
        stepping = min(share, GROUP) * (STEP + FP32)
    elif layout.zero_stage == 2 or layout.offload != "none":
        parameters = float(shape.parameters * size)
        gradients = share * FP32
        passing = 2.0 * size * min(BUCKET, learned)
    else:
        # The gradients of a micro batch and their float32 sums both stay unsharded between steps.
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
    # A mask takes one byte per pair of tokens, shared by all layers; flash attention needs none.
    mask = load.tokens * load.row if load.is_masked and layout.attention in WITH_MASK else 0
    # The backward pass of an MLP holds three more gradients of its width, after the logits are freed.
    passing = max(0.0, tokens * size * (3 * shape.intermediate + 2 * shape.hidden) - logits)
    if layout.recompute:
        return tokens * size * shape.hidden * (shape.layers + 2) + layer + passing + mask
    return tokens * size * shape.hidden * 2 + layer * shape.layers + passing + mask


def _layer(training: Training, layout: Layout, shape: ModelShape, load: Load) -> float:
    """Bytes per token that one layer keeps for its backward pass."""
    size = number_size(training)
    if layout.loss == "liger":
        # Liger's fused norms keep their input and a copy of it, its fused SwiGLU the two inputs and the product.
        norms, gated = 2 * 2 * size * shape.hidden, 3 * size * shape.intermediate
    else:
        # A norm computes in float32: it keeps its float32 input, its output, and the unscaled output if its weight is
        # trained.
        outputs = size if training.lora else 2 * size
        norms, gated = 2 * (FP32 + outputs) * shape.hidden, 4 * size * shape.intermediate
    # sdpa with a mask repeats keys and values for each query head.
    is_repeated = layout.attention in WITH_MASK and load.is_masked
    keys = shape.queries if is_repeated else shape.keys
    attention = size * (2 * shape.queries + 2 * keys) + FP32 * shape.heads
    if layout.attention == "eager":
        # All attention probabilities, in float32 and rounded, which flash attention avoids (arXiv 2205.14135).
        attention += shape.heads * load.row * (size + FP32)
    return norms + gated + attention


def _logits(training: Training, layout: Layout, shape: ModelShape, load: Load) -> float:
    tokens = load.learned / layout.sequence_parallel
    if layout.loss == "plain":
        return tokens * shape.vocabulary * ALL_LOGITS
    size, is_one_chunk = number_size(training), tokens <= CHUNK
    head = 0
    if training.lora is None:
        # The output layer's gradient and a scaled copy of it; over several chunks it is summed in float32.
        head = shape.vocabulary * shape.hidden * (2 * size if is_one_chunk else FP32 + size)
    return min(tokens, CHUNK) * shape.vocabulary * LOGITS + head


def _at_the_end(training: Training, layout: Layout, shape: ModelShape, hardware: Hardware) -> float:
    """GB of main memory that the first node needs to write the final weights: gathered, or merged in float32."""
    if not hardware.device.is_gpu:
        return 0.0
    if training.lora is not None:
        return shape.parameters * FP32 / GB
    return shape.parameters * number_size(training) / GB if layout.zero_stage == 3 else 0.0


def _host(states: _States, layout: Layout, hardware: Hardware) -> float:
    if not hardware.device.is_gpu:
        return 0.0
    return layout.ranks / layout.nodes * (states.on_host / GB + HOST_LIBRARIES)
