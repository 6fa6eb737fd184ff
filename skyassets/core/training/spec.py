"""A fine-tuning run as values: what is learned (`Training`), its parallelism (`Layout`), and both as a plan."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from skyassets.core.ports import Conversation, Model, Step
from skyassets.core.training.hardware import Hardware


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters instead of all weights (Hu et al. 2021, arXiv 2106.09685); merged when training ends."""

    identity_name: ClassVar[str] = "Lora"
    rank: int = 16
    alpha: int = 32
    dropout: float = 0.0
    targets: str = "all-linear"
    """Which layers get adapters: `all-linear`, or a regular expression over module names."""


@dataclass(frozen=True)
class Training:
    """How the student is fine-tuned. Every field affects the weights; where it runs is not included."""

    identity_name: ClassVar[str] = "Training"
    base: Model
    epochs: int
    learning_rate: float
    global_batch: int
    """Examples per optimizer step; packs if `packing`."""
    cutoff: int
    """The maximum tokens of an example, and of a pack. Nothing is truncated: a longer example is an error."""
    precision: str
    """`bf16` (float32 master weights and sums) or `fp32`."""
    seed: int
    lora: Lora | None = None
    """None trains all weights."""
    packing: bool = False
    """Whether rows of `cutoff` tokens hold several examples, without attention between them."""
    schedule: str = "cosine"
    warmup_ratio: float = 0.1
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Layout:
    """The parallelism of a run. It affects memory and time, but not what is learned (except for rounding)."""

    ranks: int = 1
    """Processes, one per GPU, over all nodes."""
    nodes: int = 1
    micro_batch: int = 4
    """Examples that a rank processes at once; a pack counts as one."""
    zero_stage: int = 1
    """What DeepSpeed shards across ranks: 1 optimizer states, 2 also gradients, 3 also parameters; 0 runs as 1."""
    offload: str = "none"
    """What to offload to CPU memory: `none`, `optimizer`, or `all` (also parameters, ZeRO-3 only)."""
    recompute: bool = False
    """Activation checkpointing: keep one activation per layer and compute the rest twice."""
    attention: str = "sdpa"
    """transformers' `attn_implementation`: `sdpa`, `flash_attention_2`, `flash_attention_3`, `eager`."""
    loss: str = "chunked"
    """`chunked` (logits for some tokens at a time), `liger` (its fused kernels), or `plain` (all logits at once)."""
    sequence_parallel: int = 1
    """Ranks that share one sequence (DeepSpeed-Ulysses, arXiv 2309.14509)."""

    @property
    def data_parallel(self) -> int:
        """Groups of ranks that each process their own examples."""
        return self.ranks // self.sequence_parallel


@dataclass(frozen=True)
class Saving:
    """When the state of a run is saved, so that it can resume after being killed."""

    every: int = 100
    """Optimizer steps between two saves, as in the published run."""
    keep: int = 2
    """The number of latest saves that are kept."""


@dataclass(frozen=True)
class Memory:
    """Peak memory of one rank in GB (10^9 bytes), by use."""

    parameters: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    overhead: float
    """Libraries, allocator slack, and communication buffers."""
    host: float = 0.0
    """What all ranks of a node together keep in CPU memory, in addition to the GPUs."""

    @property
    def total(self) -> float:
        """The memory needed on the rank's own device."""
        return self.parameters + self.gradients + self.optimizer + self.activations + self.logits + self.overhead


@dataclass(frozen=True)
class TrainPlan:
    """A training run before it starts: what is run, on what hardware, and what that takes. Printable and diffable."""

    training: Training
    layout: Layout
    saving: Saving
    hardware: Hardware
    examples: int
    tokens: int
    """Over all epochs, without padding."""
    learned_tokens: int
    """Those of them that count in the loss; 0 if not counted."""
    steps: int
    fill: float
    """The share of computed tokens that is not padding."""
    memory: Memory
    disk_gb: float
    """The size of the saves and the finished weights."""
    hours: float | None
    """None if the device's speed is unknown."""
    dollars: float | None
    assumptions: tuple[str, ...] = ()
    """The assumptions behind the figures, one sentence each."""
    files: dict[str, str] = field(default_factory=dict)
    """Name to text of the configuration files of the run: DeepSpeed's settings, the trainer's arguments."""
    argv: tuple[str, ...] = ()
    """The command that runs it, from the job's folder."""


class Trainer(Protocol):
    """Fine-tunes a model according to a plan."""

    def train(
        self, plan: TrainPlan, examples: Sequence[Conversation], folder: Path, log: Callable[[str], None]
    ) -> list[Step]:
        """Train and write a standard Hugging Face model folder to `folder`; progress lines go to `log`.

        Resumes a stopped run of the same folder.

        Raises:
            TrainerError: when it cannot start, a rank dies, the loss is not finite, or the weights are missing.
        """
        ...
