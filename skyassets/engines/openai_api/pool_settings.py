"""The servers of a client pool, and its timeouts and retries."""

from collections.abc import Callable
from dataclasses import dataclass, field

from skyassets.core.money import FREE, Budget, Price
from skyassets.core.text import silent
from skyassets.engines.openai_api.connection import EndpointConnection
from skyassets.engines.openai_api.endpoint import Endpoint


@dataclass
class PoolSettings:
    """Settings that all requests to a pool of servers share."""

    endpoints: tuple[Endpoint, ...]
    """Several share one queue, each taking what it has capacity for."""
    timeout: float = 1800.0
    """Seconds one completion may take: a long trace takes many minutes."""
    attempts: int = 10
    backoff: float = 0.2
    """Longest wait before the second attempt, in seconds; doubles with each attempt."""
    patience: float = 300.0
    """Seconds with nothing but failures after which the run stops."""
    price: Price = FREE
    run_budget: Budget = field(default_factory=Budget)
    log: Callable[[str], None] = silent
    in_flight: int = field(default=0, init=False)

    def connection(self, endpoint: Endpoint) -> EndpointConnection:
        """Return a connection to one of the servers."""
        return EndpointConnection(endpoint, self.backoff, self.log)
