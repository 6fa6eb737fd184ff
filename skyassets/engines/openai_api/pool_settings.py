"""The servers that share the work of a client, and how patiently each is asked."""

from collections.abc import Callable
from dataclasses import dataclass, field

from skyassets.core.money import FREE, Price, Purse
from skyassets.core.text import silent
from skyassets.engines.openai_api.connection import Lane
from skyassets.engines.openai_api.endpoint import Upstream


@dataclass
class PoolSettings:
    """What requests to a pool of servers have in common."""

    upstreams: tuple[Upstream, ...]
    """Several share the work, each taking what it can."""
    timeout: float = 1800.0
    """Seconds one answer may take: a long trace takes many minutes."""
    attempts: int = 10
    backoff: float = 0.2
    """Seconds to wait before the second attempt, at most; doubles with each one."""
    patience: float = 300.0
    """Seconds with nothing but failures, after which the servers count as lost."""
    price: Price = FREE
    purse: Purse = field(default_factory=Purse)
    said: Callable[[str], None] = silent
    in_flight: int = field(default=0, init=False)

    def lane(self, upstream: Upstream) -> Lane:
        """The way to one of the servers."""
        return Lane(upstream, self.timeout, self.backoff)
