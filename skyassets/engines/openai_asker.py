"""Asks any OpenAI-compatible server, continuously: the next request goes out the moment one comes back.

What a server's failure becomes:

| seen | becomes |
| --- | --- |
| 408, 409, 425, 429, 5xx, a broken or silent connection, JSON cut short | asked again, then the row's error |
| 400 and its like, an answer without a completion | the row's error |
| 401, 402, 403, 404, a quota used up | ServerError: no row would fare better |
| nobody there any more; `LOST_IN_A_ROW` rows given up with no success between them | ServerError |
"""

import asyncio
import random
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from skyassets.core.errors import ServerError
from skyassets.core.ports import Reply, Request
from skyassets.engines.chat_completion import UnusableError, body_of, reply_of
from skyassets.engines.fault import Fault
from skyassets.engines.openai_client import OpenAIClient

T = TypeVar("T")

LOST_IN_A_ROW = 50
SLOW_ATTEMPTS = 2
"""Attempts that ran out of time, at most: each has cost the server as much as an answer."""
LONGEST_BACKOFF = 30.0


@dataclass(frozen=True)
class OpenAIAsker:
    """Keeps the `Asker` port over the `openai` client, with retries of its own."""

    base_url: str
    model_name: str
    """What the server calls the model."""
    api_key: str = field(default="none", repr=False)
    concurrency: int = 32
    """Requests in flight, at most. A row that waits to be asked again keeps its place, to ease a busy server."""
    served_by: str = "an OpenAI-compatible server"
    timeout: float = 1800.0
    """Seconds one answer may take: a long trace takes many minutes."""
    attempts: int = 8
    backoff: float = 0.5
    """Seconds to wait before the second attempt, at most; doubles with each one."""

    def ask(self, requests: Sequence[Request], keep: Callable[[Reply], None]) -> None:
        """Answer every request, in any order; `keep` runs in the event loop's thread, and ends the ask if it raises.

        Raises:
            ServerError: when nobody can be asked; what came before has been kept.
        """
        _finish(_Asking(self, keep).run(requests))

    def models(self) -> tuple[str, ...]:
        """The names of the server's models; none when it is there but does not tell.

        Raises:
            ServerError: when it cannot be reached or refuses the key.
        """
        return _finish(self._models())

    async def _models(self) -> tuple[str, ...]:
        async with self.client() as client:
            return await client.models()

    def client(self) -> OpenAIClient:
        """A client with a socket for each request in flight, and one to see whether the server is there."""
        return OpenAIClient(self.base_url, self.api_key, self.timeout, sockets=self.concurrency + 1)


class _Asking:
    """One ask under way."""

    def __init__(self, asker: OpenAIAsker, keep: Callable[[Reply], None]) -> None:
        self.asker = asker
        self.keep = keep
        self.lost = 0
        """Rows given up since the last success."""

    async def run(self, requests: Sequence[Request]) -> None:
        """Keep `concurrency` requests in flight until none is left, or one of them ends it all."""
        queue = iter(requests)
        async with self.asker.client() as self.client:
            places = range(min(self.asker.concurrency, len(requests)))
            workers = [asyncio.create_task(self._work(queue)) for _ in places]
            try:
                await asyncio.gather(*workers)
            finally:
                for worker in workers:
                    worker.cancel()
                await asyncio.gather(*workers, return_exceptions=True)

    async def _work(self, queue: Iterator[Request]) -> None:
        for request in queue:
            self.keep(await self._answer(request))

    async def _answer(self, request: Request) -> Reply:
        """Ask until there is a reply, a fault that would only come again, or no attempt left."""
        attempt = slow = 0
        while True:
            attempt += 1
            began = time.perf_counter()
            outcome = await self._attempt(request, began)
            if isinstance(outcome, Reply):
                self.lost = 0
                return outcome
            if not outcome.is_passing:
                return self._error(request, outcome.reason, began)
            slow += time.perf_counter() - began >= self.asker.timeout
            if attempt >= self.asker.attempts or slow >= SLOW_ATTEMPTS:
                await self._give_up(outcome)
                return self._error(request, f"{outcome.reason} (attempt {attempt}, the last)", began)
            await asyncio.sleep(self._pause(outcome, attempt))

    async def _attempt(self, request: Request, began: float) -> Reply | Fault:
        asker = self.asker
        outcome = await self.client.complete(body_of(request, asker.model_name, asker.base_url))
        if isinstance(outcome, Fault):
            return outcome
        try:
            return reply_of(request, outcome, time.perf_counter() - began, asker.served_by)
        except UnusableError as error:
            return Fault(str(error), is_passing=False)
        except ValueError as error:
            return Fault(f"the answer is not JSON: {error}", is_passing=True)

    def _pause(self, fault: Fault, attempt: int) -> float:
        """As long as the server asked, else exponentially longer; spread at random, so that rows do not flock back."""
        if fault.retry_after is not None:
            return fault.retry_after + random.uniform(0, self.asker.backoff)
        return random.uniform(0, min(LONGEST_BACKOFF, self.asker.backoff * 2 ** (attempt - 1)))

    def _error(self, request: Request, reason: str, began: float) -> Reply:
        seconds = time.perf_counter() - began
        return Reply(request.id, "", "error", 0, 0, seconds, self.asker.served_by, reason)

    async def _give_up(self, fault: Fault) -> None:
        """Let one row go; raise when it is the server that is lost."""
        if fault.is_silent:
            await self.client.models()
        self.lost += 1
        if self.lost >= LOST_IN_A_ROW:
            raise ServerError(
                f"{self.asker.base_url}: gave up on {self.lost} rows in a row, the last with {fault.reason!r}; "
                "what came before is kept: see to the server, then run again"
            )


def _finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on a thread of its own where this one has a loop running already (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(coroutine)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, coroutine).result()
