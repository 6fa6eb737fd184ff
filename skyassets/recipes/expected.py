"""Expected figures of a recipe before anything was read or asked, for planning without its sources.

They do not affect what a recipe produces: no asset depends on them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """Calls of one role of one asset, with their mean length in tokens."""

    asset: str
    role: str
    calls: int
    prompt: float
    completion: float


@dataclass(frozen=True)
class PublishedRun:
    """What a run of the recipe took, as published by its authors."""

    hours: float
    dollars: float
    hardware: str
    """In the format of `--on`."""
    offload: str
    """What their layout offloaded to CPU memory, with ZeRO-3."""


@dataclass(frozen=True)
class Expected:
    """Expected figures of a whole run, and their sources."""

    rows: int
    """Number of kept examples."""
    row_tokens: float
    """Mean tokens per example."""
    calls: tuple[Calls, ...]
    tokens_per_second: float
    """Completion tokens per second that one of the recipe's GPUs generates with its own models."""
    source: str
    """Where the figures come from, and which are assumptions."""
    published: PublishedRun | None = None
