"""Schedules one run of requests: which server gets the next one, and what becomes of its outcome."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from skyassets.core.errors import ServerError
from skyassets.core.ports import Reply, Request
from skyassets.core.text import now
from skyassets.engines.openai_api.connection import EndpointConnection
from skyassets.engines.openai_api.failures import RequestFailure, budget_error
from skyassets.engines.openai_api.pending_request import PendingRequest
from skyassets.engines.openai_api.pool_settings import PoolSettings
from skyassets.engines.openai_api.refusals import SAME, RefusalWatch
from skyassets.engines.openai_api.request_queue import RequestQueue

LONGEST_BACKOFF = 30.0
FAILURE_LINE_SECONDS = 10.0
QUIET_SECONDS = 30.0
GRACE_SECONDS = 3.0
"""How long requests in flight may take when a run stops."""


class RequestScheduler:
    """Schedules one run of requests."""

    def __init__(self, settings: PoolSettings, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        self.settings = settings
        self.queue = RequestQueue(requests, settings.price)
        self.keep = keep
        self.connections: list[EndpointConnection] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.finished: list[asyncio.Task[None]] = []
        """Finished tasks whose result has not been read."""
        self.wake = asyncio.Event()
        self.last_finish = self.last_quiet_line = time.monotonic()
        """When a task last finished, and when the lack of replies was last reported."""
        self.last_failure_line = 0.0
        self.refusals = RefusalWatch()
        self.has_keep_failed = False
        """Whether `keep` has raised; it is not called again."""

    async def run(self) -> None:
        """Keep every server busy until no request is left or an error stops the run."""
        async with contextlib.AsyncExitStack() as stack:
            for endpoint in self.settings.endpoints:
                self.connections.append(await stack.enter_async_context(self.settings.connection(endpoint)))
            try:
                while await self._step():
                    pass
            except ServerError:
                if self.tasks:  # what is in flight may be refused too, or arrive: breaking it off would be charged
                    await asyncio.wait(self.tasks, timeout=GRACE_SECONDS)
                raise
            finally:
                for task in self.tasks:
                    task.cancel()
                await asyncio.gather(*self.tasks, return_exceptions=True)
                for task in self.finished:  # read the result, so that asyncio does not warn
                    task.cancelled() or task.exception()
                self.settings.in_flight = 0

    async def _step(self) -> bool:
        """Send what there is capacity for, then wait for an event; return False when nothing is left."""
        self.wake.clear()
        pause = self._send(time.monotonic())
        if not self.tasks:
            if self.queue.is_empty:
                return False
            if over_budget := self.queue.over_budget:
                raise budget_error(self.settings.run_budget, "the next call", over_budget.worst)
        reasons = [connection.endpoint.lost() for connection in self.connections]
        if all(reasons):
            raise ServerError(reasons[0])
        if self.tasks:
            longest = QUIET_SECONDS if pause is None else min(pause, QUIET_SECONDS)
            alarm = asyncio.get_running_loop().call_later(longest, self.wake.set)
            await self.wake.wait()
            alarm.cancel()
            self._log_if_quiet()
        else:
            # Not the whole of a long pause: a server may be lost in the meantime.
            await asyncio.sleep(0.05 if pause is None else min(pause, 1.0))
        finished, self.finished = self.finished, []
        # All of them are read, so that asyncio does not warn.
        for error in [task.exception() for task in finished]:
            if error is not None:
                raise error
        return True

    def _log_if_quiet(self) -> None:
        """Report that no reply has come yet: the first replies of a big model take minutes."""
        now = time.monotonic()
        if self.finished:
            self.last_finish = self.last_quiet_line = now
        elif now - self.last_quiet_line >= QUIET_SECONDS:
            self.last_quiet_line = now
            self.settings.log(f"{len(self.tasks)} requests in flight, no reply for {now - self.last_finish:.0f} s")

    def _send(self, now: float) -> float | None:
        """Send what there is capacity for; return the seconds until more can be sent, or None to wait for a reply."""
        while True:
            waits = [
                (wait, connection.load, number)
                for number, connection in enumerate(self.connections)
                if (wait := connection.wait(now)) is not None
            ]
            if not waits:
                return None
            wait, _, number = min(waits)
            if wait > 0:
                return wait
            pending = self.queue.next(now)
            if pending is None:
                return self.queue.wait(now)
            if not self.settings.run_budget.reserve(pending.worst):
                self.queue.over_budget = pending
                return None
            self._start(pending, self.connections[number])

    def _start(self, pending: PendingRequest, connection: EndpointConnection) -> None:
        connection.in_flight += 1
        self.settings.in_flight += 1
        expected = connection.expected_tokens(pending.request)
        connection.rate_limiter.take(expected)
        task = asyncio.create_task(self._attempt(pending, connection, expected))
        self.tasks.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self.finished.append(task)
        self.wake.set()

    async def _attempt(self, pending: PendingRequest, connection: EndpointConnection, expected: int) -> None:
        pending.attempts += 1
        pending.began = time.monotonic()
        try:
            outcome = await connection.complete(pending.request, self.settings.timeout)
        except ServerError:
            self.settings.run_budget.settle(pending.worst, 0.0)
            raise
        except BaseException:
            # Cancelled: the cost will never be known.
            self.settings.run_budget.settle(pending.worst, pending.worst)
            pending.dollars += pending.worst
            if pending.dollars:
                self._give_up(pending, "broken off, because the run ended", connection)
            raise
        finally:
            connection.in_flight -= 1
            self.settings.in_flight -= 1
        spent = pending.cost(outcome, self.settings.price)
        pending.dollars += spent
        self.settings.run_budget.settle(pending.worst, spent)
        if isinstance(outcome, Reply):
            self.refusals.record_success()
            connection.record(None, outcome.completion_tokens)
            connection.rate_limiter.settle(expected, outcome.prompt_tokens + outcome.completion_tokens)
            self._deliver(replace(outcome, at=now(), dollars=pending.dollars))
        else:
            connection.record(outcome)
            connection.rate_limiter.settle(expected, 0)
            await self._retry(pending, outcome, connection)

    async def _retry(self, pending: PendingRequest, failure: RequestFailure, connection: EndpointConnection) -> None:
        """Queue the request for a retry, or give it up; raise if no server works any more."""
        now = time.monotonic()
        if not failure.is_transient:
            self._give_up(pending, failure.reason, connection, is_final=failure.is_paid)
            if failure.is_rejected and self.refusals.record(failure.reason):
                raise ServerError(
                    f"{connection.endpoint.shown}: the first {SAME} requests were refused with {failure.reason!r}, "
                    "and none succeeded: change what this names in the recipe or the settings, then run again"
                )
            return
        if not connection.client.is_there and failure.is_silent:
            await self._check_presence(connection)
        pending.record(failure)
        if pending.is_out_of_attempts(self.settings.attempts):
            reason = f"{failure.reason} (attempt {pending.tries}, the last)"
            self._give_up(pending, reason, connection, is_final=pending.is_always_empty)
        else:
            pause = failure.pause(max(pending.tries, 1), self.settings.backoff, LONGEST_BACKOFF)
            self.queue.retry(pending, now + pause)
        failing = min(0.0 if one.failing_since is None else now - one.failing_since for one in self.connections)
        if failing > self.settings.patience:
            raise ServerError(
                f"{connection.endpoint.shown}: every request failed for {failing:.0f} s, the last one with "
                f"{failure.reason!r}; earlier replies are kept: fix the server, then run again"
            )
        if connection.breaker.is_tripped and now - self.last_failure_line >= FAILURE_LINE_SECONDS:
            self.last_failure_line = now
            others = "the other servers continue" if len(self.connections) > 1 else "all replies so far are kept"
            self.settings.log(f"{connection.endpoint.shown}: {failure.reason}; retrying, {others}")

    async def _check_presence(self, connection: EndpointConnection) -> None:
        """Check whether a server that has never responded is up; raise if no server is."""
        try:
            await connection.client.models()
        except ServerError:
            connection.is_absent = True
            if all(other.is_absent for other in self.connections):
                raise

    def _give_up(
        self, pending: PendingRequest, reason: str, connection: EndpointConnection, *, is_final: bool = False
    ) -> None:
        self._deliver(pending.given_up(reason, connection.endpoint.served_by, is_final))

    def _deliver(self, reply: Reply) -> None:
        """Pass a reply to `keep`, unless it has raised before."""
        if self.has_keep_failed:
            return
        self.has_keep_failed = True
        self.keep(reply)
        self.has_keep_failed = False
