"""What is expected of a recipe before anything was read or asked: for a plan where its sources are not at hand.

Never part of what a recipe makes: no asset depends on it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Calls:
    """Calls of one role of one asset, by their mean length in tokens."""

    asset: str
    role: str
    calls: int
    prompt: float
    completion: float


@dataclass(frozen=True)
class Published:
    """What a run of the recipe took, as its authors said."""

    hours: float
    dollars: float
    hardware: str
    """As `--on` takes it."""
    offload: str
    """What their layout had in main memory, with ZeRO-3."""


@dataclass(frozen=True)
class Expected:
    """Figures of a whole run, with where they come from."""

    rows: int
    """Examples that are kept."""
    row_tokens: float
    """Tokens of an example, in the mean."""
    calls: tuple[Calls, ...]
    tokens_per_second: float
    """Completion tokens that one of the recipe's GPUs makes of its own models in a second."""
    source: str
    """Where the figures come from, and which are assumed."""
    published: Published | None = None
