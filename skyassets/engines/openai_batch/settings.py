"""The server that batches are sent to, their size limits, and their polling intervals."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from skyassets.core.money import FREE, Budget, Price
from skyassets.core.text import silent
from skyassets.engines.openai_api.endpoint import Endpoint

MOST_ROWS = 50_000
MOST_BYTES = 200_000_000
"""OpenAI's limit for the file of one batch."""


@dataclass
class BatchSettings:
    """Settings that all batches of one server share."""

    endpoint: Endpoint
    folder: Path
    """Where the records of batches are: all that a later run needs to find them."""
    price: Price = FREE
    run_budget: Budget = field(default_factory=Budget)
    log: Callable[[str], None] = silent
    most_rows: int = MOST_ROWS
    most_bytes: int = MOST_BYTES
    shortest_interval: float = 2.0
    """Shortest wait before a batch is first polled, in seconds."""
    longest_interval: float = 60.0
    """Longest polling interval, in seconds; it grows with the time waited."""
    progress_interval: float = 600.0
    """Seconds between two progress lines."""
    patience: float = 1800.0
    """Seconds with nothing but failures after which the run stops."""
    backoff: float = 1.0
    listing_delay: float = 10.0
    """Seconds until a new batch appears in the list."""
    in_flight: int = field(default=0, init=False)
