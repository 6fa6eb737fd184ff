"""An endpoint during a run: its client, and how much it accepts right now."""

import time
from typing import Self

from skyassets.core.ports import Request
from skyassets.engines.openai_api.circuit_breaker import CircuitBreaker
from skyassets.engines.openai_api.client import OpenAIClient
from skyassets.engines.openai_api.concurrency_limit import ConcurrencyLimiter
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.failures import RequestFailure
from skyassets.engines.openai_api.rate_limiter import RateLimiter

MEAN_SHARE = 0.1
"""Weight of one completion in the moving average of completion lengths."""
BYTES_A_TOKEN = 4
"""For English, by OpenAI's rule of thumb. Used only for rate limiting."""


class EndpointConnection:
    """A connection to one server. Use it as an async context manager."""

    def __init__(self, endpoint: Endpoint, cooling: float) -> None:
        self.endpoint = endpoint
        self.window = ConcurrencyLimiter(endpoint.concurrency)
        self.breaker = CircuitBreaker(cooling)
        self.pace = RateLimiter(endpoint.rpm, endpoint.tpm, time.monotonic())
        # One socket per request in flight, and one to check whether the server is up.
        sockets = endpoint.concurrency + 1
        self.client = OpenAIClient(endpoint.base_url, endpoint.api_key, sockets, self._learn)
        self.in_flight = 0
        self.is_absent = False
        """Whether the server could not be reached when it was first tried."""
        self.failing_since: float | None = None
        """When the current series of failures began; None after a success."""
        self._mean_completion = 0.0

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.client.__aexit__(*exception)

    @property
    def load(self) -> float:
        """Share of its capacity in use, from 0 to 1."""
        return self.in_flight / self.window.size

    def wait(self, now: float) -> float | None:
        """Return the seconds until it accepts another request; None if it must first complete one."""
        if self.endpoint.lost():
            return None
        if self.in_flight >= (1 if self.breaker.is_tripped else self.window.size):
            return None
        return max(self.breaker.opens - now, self.pace.wait(now), 0.0)

    def expected_tokens(self, request: Request) -> int:
        """Estimate the tokens a request will use, from its length and the average of earlier completions."""
        prompt = sum(len(turn.content) for turn in request.messages) // BYTES_A_TOKEN
        return prompt + int(self._mean_completion or request.sampling.max_tokens)

    def note(self, fault: RequestFailure | None, completion_tokens: int = 0) -> None:
        """Record the outcome of an attempt."""
        self.window.note(fault is not None and fault.is_busy)
        if fault is None:
            self.is_absent = False
            self.failing_since = None
            share = MEAN_SHARE if self._mean_completion else 1.0
            self._mean_completion += share * (completion_tokens - self._mean_completion)
        if fault is not None and fault.is_passing and not fault.is_busy:
            self.breaker.failed(time.monotonic())
        else:
            self.breaker.answered()
        if fault is not None and fault.is_passing and self.failing_since is None:
            self.failing_since = time.monotonic()

    def _learn(self, headers: object) -> None:
        self.pace.learn(headers, time.monotonic())  # type: ignore[arg-type]  # httpx's headers are a Mapping
