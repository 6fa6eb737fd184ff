"""Sends requests to OpenAI-compatible servers continuously: a new one goes out as soon as another completes.

How failures are handled:

| failure | result |
| --- | --- |
| 408, 409, 425, 5xx, a broken or silent connection, truncated JSON | retried, then the row's error |
| 429 | retried more often; a server that returns it often gets fewer requests at a time |
| no text although the model ended it; a text the server broke off | retried twice, then the row's error |
| a refusal that names a parameter we sent, or a role | sent again in another dialect, with the rows after it |
| other 400 and similar, a response without a completion | the row's error |
| the same refusal of the first requests, none of which succeeded | the server is left; without another, ServerError |
| 3xx, 401, 402, 403, 404, no credit left | ServerError, after the requests in flight have completed |
| an error inside a successful response | the same as the status that it names; not charged |
| unreachable from the start; nothing but failures for `patience` seconds | ServerError |
| the next request could exceed the budget | BudgetError, after the requests in flight have completed |
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from skyassets.core.errors import ServerError
from skyassets.core.ports import Reply, Request
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_api.pool_settings import PoolSettings
from skyassets.engines.openai_api.scheduler import RequestScheduler

T = TypeVar("T")


@dataclass
class OpenAIClientPool(PoolSettings):
    """Implements the `CompletionClient` port with the `openai` client, with retries, rate limits and a budget."""

    def ask(self, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        """Complete every request, in any order; `keep` runs in the event loop's thread, and stops the run if it raises.

        `requests` is read as capacity becomes free, so it need not fit in memory.

        Raises:
            ServerError: if no server can be used; earlier replies have been kept.
            BudgetError: if the next request could exceed the budget; earlier replies have been kept.
        """
        _finish(RequestScheduler(self, requests, keep).run())

    def models(self) -> tuple[tuple[str, ...], ...]:
        """Return the model names of each server; empty for one that lists none or cannot be reached.

        Raises:
            ServerError: if no server can be reached, or one rejects the key.
        """
        return _finish(self._models())

    async def _models(self) -> tuple[tuple[str, ...], ...]:
        # Concurrently, so that several unreachable servers cost one timeout.
        results = await asyncio.gather(*map(self._names, self.endpoints))
        errors = [result for result in results if isinstance(result, ServerError)]
        if len(errors) == len(self.endpoints):
            raise errors[0]
        for error in errors:
            self.log(f"continuing without {error}")
        return tuple(() if isinstance(result, ServerError) else result for result in results)

    async def _names(self, endpoint: Endpoint) -> tuple[str, ...] | ServerError:
        """Return a server's model names, or the error if it cannot be reached."""
        async with self.connection(endpoint) as connection:
            try:
                return await connection.client.models()
            except ServerError as error:
                if connection.client.is_there:
                    raise
                return error


def _finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in another thread's event loop, so that Ctrl-C reaches the caller.

    This also works where an event loop is already running, as in a notebook.
    """
    running = _Running()
    with ThreadPoolExecutor(1, thread_name_prefix="completions") as thread:
        future = thread.submit(running.run, coroutine)
        try:
            return future.result()
        except BaseException:
            running.cancel()
            raise


class _Running:
    """A coroutine that runs in another thread."""

    def __init__(self) -> None:
        self._started = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Any] | None = None

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        import uvloop

        async def main() -> T:
            self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
            self._started.set()
            return await coroutine

        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                return runner.run(main())
        finally:
            self._started.set()

    def cancel(self) -> None:
        """Cancel the coroutine if it is still running."""
        self._started.wait()
        if self._loop is not None and self._task is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, so the coroutine has ended
                self._loop.call_soon_threadsafe(self._task.cancel)
