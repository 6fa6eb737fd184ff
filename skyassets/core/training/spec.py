"""A fine-tuning run as values: what is learned (`Training`), how it is spread (`Layout`), and both as a plan."""

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
    """Which layers get one: `all-linear`, or a regular expression over module names."""


@dataclass(frozen=True)
class Training:
    """How the student is fine-tuned. All of it shapes the weights; where it runs is not here."""

    identity_name: ClassVar[str] = "Training"
    base: Model
    epochs: int
    learning_rate: float
    global_batch: int
    """Examples of an optimiser step; packs of them when `packing`."""
    cutoff: int
    """Tokens of the longest example, and of a pack. Nothing is ever cut: a longer example is an error."""
    precision: str
    """`bf16` (float32 master weights and sums) or `fp32`."""
    seed: int
    lora: Lora | None = None
    """None trains all weights."""
    packing: bool = False
    """Whether rows of `cutoff` tokens hold several examples, none of which sees another."""
    schedule: str = "cosine"
    warmup_ratio: float = 0.1
    weight_decay: float = 0.0


@dataclass(frozen=True)
class Layout:
    """How a run is spread over a machine. It moves memory and time, never what is learned (but for rounding)."""

    ranks: int = 1
    """Processes, one a GPU, on all nodes together."""
    nodes: int = 1
    micro_batch: int = 4
    """Examples a rank works on at once; packs count as one."""
    zero_stage: int = 1
    """What DeepSpeed shares out among the ranks: 1 optimiser states, 2 gradients too, 3 parameters too; 0 runs as 1."""
    offload: str = "none"
    """What waits in main memory: `none`, `optimizer`, or `all` (parameters too, ZeRO-3 only)."""
    recompute: bool = False
    """Activation checkpointing: keep one activation a layer and compute the rest twice."""
    attention: str = "sdpa"
    """transformers' `attn_implementation`: `sdpa`, `flash_attention_2`, `flash_attention_3`, `eager`."""
    loss: str = "chunked"
    """`chunked` (logits of some tokens at a time), `liger` (its fused kernels), or `plain` (all logits at once)."""
    sequence_parallel: int = 1
    """Ranks that share one sequence (DeepSpeed-Ulysses, arXiv 2309.14509)."""

    @property
    def data_parallel(self) -> int:
        """Groups of ranks that each work on examples of their own."""
        return self.ranks // self.sequence_parallel


@dataclass(frozen=True)
class Saving:
    """When the state of a run is saved, so that it can go on after a kill."""

    every: int = 100
    """Optimiser steps between two saves; the published run's."""
    keep: int = 2
    """The latest saves that stay."""


@dataclass(frozen=True)
class Memory:
    """Peak memory of one rank in GB (10^9 bytes), by what it holds."""

    parameters: float
    gradients: float
    optimizer: float
    activations: float
    logits: float
    overhead: float
    """The libraries, the allocator's slack, communication buffers."""
    host: float = 0.0
    """What all ranks of a node together keep in main memory beside the GPUs."""

    @property
    def total(self) -> float:
        """What the rank's own device has to hold."""
        return self.parameters + self.gradients + self.optimizer + self.activations + self.logits + self.overhead


@dataclass(frozen=True)
class TrainPlan:
    """A training run before it starts: what is run, on what, and what that takes. Printable and diffable."""

    training: Training
    layout: Layout
    saving: Saving
    hardware: Hardware
    examples: int
    tokens: int
    """Of all epochs, padding left out."""
    learned_tokens: int
    """Those of them that the loss is taken on; 0 where nobody counted."""
    steps: int
    fill: float
    """The share of the computed tokens that is no padding."""
    memory: Memory
    disk_gb: float
    """What the saves and the finished weights take."""
    hours: float | None
    """None where nobody knows the device's speed."""
    dollars: float | None
    assumptions: tuple[str, ...] = ()
    """What the figures rest on, a sentence each."""
    files: dict[str, str] = field(default_factory=dict)
    """Name to text of the files that steer the run: DeepSpeed's settings, the trainer's arguments."""
    argv: tuple[str, ...] = ()
    """The command that runs it, in the job's folder."""


class Trainer(Protocol):
    """Fine-tunes a model by a plan."""

    def train(
        self, plan: TrainPlan, examples: Sequence[Conversation], folder: Path, said: Callable[[str], None]
    ) -> list[Step]:
        """Train and leave a standard Hugging Face folder in `folder`; progress lines go to `said`.

        Goes on where a run of the same folder was stopped.

        Raises:
            TrainerError: when it cannot start, a rank dies, the loss is not finite, or the weights are not there.
        """
        ...
