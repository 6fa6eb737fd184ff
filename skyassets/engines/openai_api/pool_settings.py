"""The servers that share the work of a client, and how patiently each is asked."""

from collections.abc import Callable
from dataclasses import dataclass, field

from skyassets.core.money import FREE, Budget, Price
from skyassets.core.text import silent
from skyassets.engines.openai_api.connection import EndpointConnection
from skyassets.engines.openai_api.endpoint import Endpoint


@dataclass
class PoolSettings:
    """What requests to a pool of servers have in common."""

    endpoints: tuple[Endpoint, ...]
    """Several share the work, each taking what it can."""
    timeout: float = 1800.0
    """Seconds one answer may take: a long trace takes many minutes."""
    attempts: int = 10
    backoff: float = 0.2
    """Seconds to wait before the second attempt, at most; doubles with each one."""
    patience: float = 300.0
    """Seconds with nothing but failures, after which the servers count as lost."""
    price: Price = FREE
    run_budget: Budget = field(default_factory=Budget)
    said: Callable[[str], None] = silent
    in_flight: int = field(default=0, init=False)

    def connection(self, endpoint: Endpoint) -> EndpointConnection:
        """The way to one of the servers."""
        return EndpointConnection(endpoint, self.timeout, self.backoff)
