"""An endpoint during a run: its client, how much it accepts right now, and one attempt to complete a request."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

from skyassets.core.ports import Reply, Request
from skyassets.core.text import silent
from skyassets.engines.chat_format.dialect import Dialect
from skyassets.engines.chat_format.error_body import is_web_page
from skyassets.engines.chat_format.refusal_text import names_a_role
from skyassets.engines.chat_format.reply import ErrorInAnswerError, UnusableError, reply_of
from skyassets.engines.openai_api.circuit_breaker import CircuitBreaker
from skyassets.engines.openai_api.client import OpenAIClient
from skyassets.engines.openai_api.concurrency_limit import ConcurrencyLimiter
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.failures import RefusedError, RequestFailure, answer_failure, page_failure
from skyassets.engines.openai_api.rate_limiter import RateLimiter
from skyassets.engines.openai_api.refusals import SAME, HeldRefusals

MEAN_SHARE = 0.1
"""Weight of one completion in the moving average of completion lengths."""
BYTES_A_TOKEN = 4
"""For English, by OpenAI's rule of thumb. Used only for rate limiting."""


class EndpointConnection:
    """A connection to one server. Use it as an async context manager."""

    def __init__(self, endpoint: Endpoint, cooling: float, log: Callable[[str], None] = silent) -> None:
        self.endpoint, self._log = endpoint, log
        self.dialect = Dialect.of(endpoint.base_url)
        """How the server wants requests to be written; its refusals change it."""
        self.limiter = ConcurrencyLimiter(endpoint.concurrency)
        self.breaker = CircuitBreaker(cooling)
        self.rate_limiter = RateLimiter(endpoint.rpm, endpoint.tpm, time.monotonic())
        # One socket per request in flight, and one to check whether the server is up.
        sockets = endpoint.concurrency + 1
        self.client = OpenAIClient(endpoint.base_url, endpoint.api_key, sockets, self._learn)
        self.in_flight = 0
        self.is_absent = False
        """Whether the server could not be reached when it was first tried."""
        self.failing_since: float | None = None
        """When the current series of failures began; None after a success."""
        self.refusals = HeldRefusals()
        self.refuses_everything = ""
        """Why it is not used any more; empty as long as it is."""
        self._mean_completion = 0.0
        self._pages = 0
        """Answers so far that were web pages."""
        self.useless = 0
        """Rows that were paid for and brought no text, before the first success."""

    async def __aenter__(self) -> Self:
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.client.__aexit__(*exception)

    @property
    def load(self) -> float:
        """Share of its capacity in use, from 0 to 1."""
        return self.in_flight / self.limiter.size

    def lost(self) -> str:
        """Return why the server will never answer again; empty as long as it may."""
        return self.refuses_everything or self.endpoint.lost()

    def wait(self, now: float) -> float | None:
        """Return the seconds until it accepts another request; None if it must first complete one."""
        if self.lost():
            return None
        if self.in_flight >= (1 if self.breaker.is_tripped else self.limiter.size):
            return None
        return max(self.breaker.opens - now, self.rate_limiter.wait(now), 0.0)

    def expected_tokens(self, request: Request) -> int:
        """Estimate the tokens a request will use, from its length and the average of earlier completions."""
        prompt = sum(len(turn.content) for turn in request.messages) // BYTES_A_TOKEN
        return prompt + int(self._mean_completion or request.sampling.max_tokens)

    async def complete(self, request: Request, timeout: float) -> Reply | RequestFailure:
        """Complete a request once; return the reply, or why there is none.

        A request that the server refuses as it is written is sent again in another dialect. Until the server's first
        success, all further requests are sent in it too; later, a refusal says nothing about other requests.

        Raises:
            RefusedError: if the server refuses every request, or redirects to another place.
        """
        common = dialect = self.dialect
        while True:
            body = dialect.body(request, self.endpoint.model_name)
            outcome = await self._attempt(request, dialect, body, timeout)
            if isinstance(outcome, Reply):
                break
            if not outcome.is_rejected and (outcome.is_busy or not names_a_role(outcome.message)):
                break
            if self.dialect != common:  # another refused request has changed it in the meantime
                common = dialect = self.dialect
                continue
            adapted = dialect.after(outcome.message, body)
            if adapted is None:
                break
            if not self.refusals.has_succeeded:
                self._adopt(adapted, outcome)
                common = adapted
            dialect = adapted
        if isinstance(outcome, RequestFailure) and outcome.is_page and not self.refusals.has_succeeded:
            self._pages += 1
            if self._pages >= SAME:
                raise RefusedError(f"{self.endpoint.shown}: {outcome.reason}")
        if isinstance(outcome, RequestFailure) and outcome.refusal:
            raise await self.client.refused(self.endpoint.model_name, outcome)
        return outcome

    async def _attempt(
        self, request: Request, dialect: Dialect, body: dict[str, Any], timeout: float
    ) -> Reply | RequestFailure:
        began = time.monotonic()
        try:
            # The HTTP client's timeout applies to each read, so a server that sends slowly would never reach it.
            async with asyncio.timeout(timeout):
                content = await self.client.complete(body)
        except TimeoutError:
            reason = f"TimeoutError: no whole answer within {timeout:g} s"
            return RequestFailure(reason, is_transient=True, is_silent=True, is_timed_out=True, is_paid=True)
        if isinstance(content, RequestFailure):
            return content
        try:
            reply = reply_of(request, content, time.monotonic() - began, self.endpoint.served_by)
        except ErrorInAnswerError as error:
            return answer_failure(error.error)
        except UnusableError as error:
            return RequestFailure(
                str(error),
                is_transient=error.is_empty or error.is_broken_off,
                is_empty=error.is_empty,
                is_broken_off=error.is_broken_off,
                is_paid=True,
                tokens=error.tokens,
            )
        except ValueError as error:
            if is_web_page(content):
                return page_failure()
            return RequestFailure(f"the answer is not JSON: {error}", is_transient=True, is_paid=True)
        return replace(reply, text=dialect.cut(reply.text, request), sent=dialect.changes(request))

    def _adopt(self, adapted: Dialect, failure: RequestFailure) -> None:
        changed, self.dialect = adapted.difference(self.dialect), adapted
        self._log(f"{self.endpoint.shown}: {failure.reason}; all requests are now sent {changed}")

    def record(self, failure: RequestFailure | None, completion_tokens: int = 0) -> None:
        """Record the outcome of an attempt."""
        self.limiter.record(failure is not None and failure.is_busy)
        if failure is None:
            self.refusals.record_success()
            self.is_absent = False
            self.failing_since = None
            share = MEAN_SHARE if self._mean_completion else 1.0
            self._mean_completion += share * (completion_tokens - self._mean_completion)
        is_fault = failure is not None and failure.is_transient and not failure.is_empty and not failure.is_broken_off
        if is_fault and not (failure and failure.is_busy):
            self.breaker.record_failure(time.monotonic())
        else:
            self.breaker.record_success()
        if is_fault and self.failing_since is None:
            self.failing_since = time.monotonic()

    def _learn(self, headers: object) -> None:
        self.rate_limiter.learn(headers, time.monotonic())  # type: ignore[arg-type]  # httpx's headers are a Mapping
