"""The server that batches are sent to, how large they may be, and how patiently they are waited for."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from skyassets.core.money import FREE, Budget, Price
from skyassets.core.text import silent
from skyassets.engines.openai_api.endpoint import Endpoint

MOST_ROWS = 50_000
MOST_BYTES = 200_000_000
"""OpenAI's limits for the file of one batch."""


@dataclass
class BatchSettings:
    """What the batches of one server have in common."""

    endpoint: Endpoint
    folder: Path
    """Where the notes on batches are kept: the only thing a later run needs to find them."""
    price: Price = FREE
    run_budget: Budget = field(default_factory=Budget)
    said: Callable[[str], None] = silent
    most_rows: int = MOST_ROWS
    most_bytes: int = MOST_BYTES
    soonest: float = 2.0
    """Seconds before the first look at a batch, at least."""
    seldomest: float = 60.0
    """Seconds between two looks, at most: they grow with the time waited."""
    news: float = 600.0
    """Seconds between two lines of progress."""
    patience: float = 1800.0
    """Seconds with nothing but failures, after which the server counts as lost."""
    backoff: float = 1.0
    settling: float = 10.0
    """Seconds a batch may take to be listed after it was asked for."""
    in_flight: int = field(default=0, init=False)
