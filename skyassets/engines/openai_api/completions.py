"""Asks OpenAI-compatible servers, continuously: the next request goes out the moment one comes back.

What a server's failure becomes:

| seen | becomes |
| --- | --- |
| 408, 409, 425, 5xx, a broken or silent connection, JSON cut short | asked again, then the row's error |
| 429 | the same, more patiently; a server that says it often is asked less at a time |
| 400 and its like, an answer without a completion | the row's error |
| 401, 402, 403, 404, a quota used up | ServerError: no row would fare better |
| nobody there from the start; nothing but failures for `patience` seconds | ServerError |
| the next request could pass the budget | BudgetError, once all that is under way has been answered |
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
    """Keeps the `CompletionClient` port over the `openai` client, with retries, limits and a purse of its own."""

    def ask(self, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        """Answer every request, in any order; `keep` runs in the event loop's thread, and ends the ask if it raises.

        `requests` is drawn from as room is made, so it may be longer than memory.

        Raises:
            ServerError: when nobody can be asked; what came before has been kept.
            BudgetError: when the next request could pass the budget; what came before has been kept.
        """
        _finish(RequestScheduler(self, keep).run(requests))

    def models(self) -> tuple[tuple[str, ...], ...]:
        """Each server's names of its models; none for one that is there but does not tell, or that is not there.

        Raises:
            ServerError: when none can be reached, or one refuses the key.
        """
        return _finish(self._models())

    async def _models(self) -> tuple[tuple[str, ...], ...]:
        # Side by side: servers that do not answer are waited for once.
        told = await asyncio.gather(*map(self._names, self.endpoints))
        absent = [one for one in told if isinstance(one, ServerError)]
        if len(absent) == len(self.endpoints):
            raise absent[0]
        for one in absent:
            self.said(f"going on without {one}")
        return tuple(() if isinstance(one, ServerError) else one for one in told)

    async def _names(self, endpoint: Endpoint) -> tuple[str, ...] | ServerError:
        """What a server calls its models; the error of one that is not there."""
        async with self.connection(endpoint) as connection:
            try:
                return await connection.client.models()
            except ServerError as error:
                if connection.client.is_there:
                    raise
                return error


def _finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run to the end, in a loop on a thread of its own: an interrupt then reaches this thread, and no loop swallows it.

    A loop that runs here already (a notebook's) is left alone for the same reason.
    """
    running = _Running()
    with ThreadPoolExecutor(1, thread_name_prefix="asker") as thread:
        future = thread.submit(running.run, coroutine)
        try:
            return future.result()
        except BaseException:
            running.cancel()
            raise


class _Running:
    """A coroutine on its way in another thread."""

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
        """End it early, if it has not ended."""
        self._started.wait()
        if self._loop is not None and self._task is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: it has ended
                self._loop.call_soon_threadsafe(self._task.cancel)
