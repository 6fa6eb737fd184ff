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
from skyassets.engines.openai_api.failures import RefusedError, RequestFailure, budget_error
from skyassets.engines.openai_api.pending_request import PendingRequest
from skyassets.engines.openai_api.pool_settings import PoolSettings
from skyassets.engines.openai_api.refusals import USELESS
from skyassets.engines.openai_api.request_queue import RequestQueue

LONGEST_BACKOFF = 30.0
FAILURE_LINE_SECONDS = 10.0
QUIET_SECONDS = 30.0
GRACE_SECONDS = 3.0
"""How long requests in flight may take when a run stops because no server works."""
BROKEN_OFF = "broken off, because the run ended"


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
            except RefusedError as error:
                await self._drain(error)
                raise
            except ServerError:
                if self.tasks:
                    await asyncio.wait(self.tasks, timeout=GRACE_SECONDS)
                raise
            finally:
                for task in self.tasks:
                    task.cancel()
                await asyncio.gather(*self.tasks, return_exceptions=True)
                for task in self.finished:  # read the result, so that asyncio does not warn
                    task.cancelled() or task.exception()
                held = [one.pending for connection in self.connections for one in connection.refusals.release()]
                for pending in self.queue.unfinished() + held:
                    self._book(pending)
                self.settings.in_flight = 0

    async def _step(self) -> bool:
        """Send what there is capacity for, then wait for an event; return False when nothing is left."""
        self.wake.clear()
        pause = self._send(time.monotonic())
        if not self.tasks:
            if self.queue.is_empty:
                return self._settle_held()
            if over_budget := self.queue.over_budget:
                raise budget_error(self.settings.run_budget, "the next call", over_budget.worst)
        reasons = [connection.lost() for connection in self.connections]
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

    async def _drain(self, error: RefusedError) -> None:
        """Wait for what is in flight: it may be answered, and breaking it off would be charged all the same."""
        while self.tasks:
            await asyncio.wait(self.tasks, timeout=QUIET_SECONDS)
            if self.tasks:
                waiting = f"still waiting for {len(self.tasks)} answers that will be charged; interrupt to give them up"
                self.settings.log(f"stopping because of {error}; {waiting}")

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
        pending.began, pending.served_by = time.monotonic(), connection.endpoint.served_by
        try:
            outcome = await connection.complete(pending.request, self.settings.timeout)
        except ServerError:
            self.settings.run_budget.settle(pending.worst, 0.0)
            self._book(pending)
            raise
        except BaseException:
            # Cancelled: the cost will never be known.
            self.settings.run_budget.settle(pending.worst, pending.worst)
            pending.dollars += pending.worst
            self._book(pending)
            raise
        finally:
            connection.in_flight -= 1
            self.settings.in_flight -= 1
        spent = pending.cost(outcome, self.settings.price)
        pending.dollars += spent
        self.settings.run_budget.settle(pending.worst, spent)
        if isinstance(outcome, Reply):
            connection.record(None, outcome.completion_tokens)
            self._give_up_held(connection)
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
            is_row_error = failure.is_of_the_row and connection.refusals.has_succeeded
            if not failure.is_rejected or is_row_error:
                self._give_up(pending, failure.reason, is_final=failure.is_paid)
                self._count_useless(connection, failure)
            elif connection.refusals.hold(pending, failure) or connection.refuses_everything:
                self._leave(connection, failure)
            return
        if not connection.client.is_there and failure.is_silent:
            await self._check_presence(connection)
        pending.record(failure)
        if pending.is_out_of_attempts(self.settings.attempts):
            reason = f"{failure.reason} (attempt {pending.tries}, the last)"
            self._give_up(pending, reason, is_final=pending.is_always_empty)
            self._count_useless(connection, failure)
        else:
            pause = failure.pause(max(pending.tries, 1), self.settings.backoff, LONGEST_BACKOFF)
            self.queue.retry(pending, now + pause)
        used = [one for one in self.connections if not one.refuses_everything]
        failing = min((0.0 if one.failing_since is None else now - one.failing_since for one in used), default=0.0)
        if failing > self.settings.patience:
            if self.queue.has_only_retries and any(one.refusals.has_succeeded for one in used):
                # Servers that answered all else do not answer these rows.
                for waiting in self.queue.take_retries():
                    self._give_up(waiting, f"{waiting.reason} (attempt {waiting.tries}, the last)")
                return
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

    def _leave(self, connection: EndpointConnection, failure: RequestFailure) -> None:
        """Use a server that refuses everything no longer, and send its requests to the others.

        Raises:
            RefusedError: if there is no other server.
        """
        refused = connection.refusals.release()
        if not connection.refuses_everything:
            since = "since its last success" if connection.refusals.has_succeeded else "and none succeeded"
            connection.refuses_everything = (
                f"{connection.endpoint.shown}: {len(refused)} requests were refused, {since}; the last one with "
                f"{failure.reason!r}: change what this names in the recipe or the settings, then run again"
            )
            if any(not other.lost() for other in self.connections):
                self.settings.log(f"continuing without {connection.refuses_everything}")
        if all(other.lost() for other in self.connections):
            for one in refused:
                self._book(one.pending)
            raise RefusedError(connection.refuses_everything)
        for one in refused:
            self.queue.retry(one.pending, time.monotonic())

    def _settle_held(self) -> bool:
        """Give up what was refused, or queue it for a server that works; return whether anything is queued."""
        is_sent_again = False
        for connection in self.connections:
            others = [other for other in self.connections if other is not connection and not other.lost()]
            if any(other.refusals.has_succeeded for other in others):
                for one in connection.refusals.release():
                    connection.refuses_everything = connection.refuses_everything or one.failure.reason
                    self.queue.retry(one.pending, time.monotonic())
                    is_sent_again = True
            self._give_up_held(connection)
        return is_sent_again

    def _count_useless(self, connection: EndpointConnection, failure: RequestFailure) -> None:
        """Count a row without a text, which was paid for; raise if the server's first ones are all so."""
        if not failure.is_paid or failure.is_silent or connection.refusals.has_succeeded:
            return
        connection.useless += 1
        if connection.useless >= USELESS:
            raise RefusedError(
                f"{connection.endpoint.shown}: the first {USELESS} rows were paid for and brought no text, the last "
                f"one with {failure.reason!r}: change what this names in the recipe or the settings, then run "
                "`skyassets reask`"
            )

    def _book(self, pending: PendingRequest) -> None:
        """Report what the attempts of a row cost that the run leaves without a reply."""
        if pending.dollars:
            self._give_up(pending, BROKEN_OFF)

    def _give_up_held(self, connection: EndpointConnection) -> None:
        for one in connection.refusals.release():
            self._give_up(one.pending, one.failure.reason)

    def _give_up(self, pending: PendingRequest, reason: str, *, is_final: bool = False) -> None:
        self._deliver(pending.given_up(reason, is_final=is_final))

    def _deliver(self, reply: Reply) -> None:
        """Pass a reply to `keep`, unless it has raised before."""
        if self.has_keep_failed:
            return
        self.has_keep_failed = True
        self.keep(reply)
        self.has_keep_failed = False
