"""Schedules one run of requests: a queue, the servers that share it, and the requests that wait for a retry."""

import asyncio
import contextlib
import heapq
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

from skyassets.core.errors import BudgetError, ServerError
from skyassets.core.money import in_dollars
from skyassets.core.ports import Reply, Request
from skyassets.core.text import now
from skyassets.engines.openai_api.attempt import PendingRequest
from skyassets.engines.openai_api.chat_format import UnusableError, body_of, reply_of
from skyassets.engines.openai_api.connection import EndpointConnection
from skyassets.engines.openai_api.failures import RequestFailure
from skyassets.engines.openai_api.pool_settings import PoolSettings

SLOW_ATTEMPTS = 2
"""Most attempts that may time out: each costs the server as much as a completion."""
BUSY_ATTEMPTS = 4
"""Factor by which the attempts increase for a row that only meets a busy server."""
LONGEST_BACKOFF = 30.0
NEWS_SECONDS = 10.0
QUIET_SECONDS = 30.0


class RequestScheduler:
    """Schedules one run of requests."""

    def __init__(self, settings: PoolSettings, keep: Callable[[Reply], None]) -> None:
        self.settings = settings
        self.keep = keep
        self.connections: list[EndpointConnection] = []
        self.again: list[tuple[float, int, PendingRequest]] = []
        """Heap of requests to retry, by time."""
        self.held: PendingRequest | None = None
        """A request that the budget has no room for yet."""
        self.tasks: set[asyncio.Task[None]] = set()
        self.ended: list[asyncio.Task[None]] = []
        """Finished tasks whose result has not been read."""
        self.heard = self.told_quiet = time.monotonic()
        """When a task last finished, and when the lack of replies was last reported."""
        self.told = 0.0
        self.refused = False
        """Whether `keep` has raised; it is not called again."""

    async def run(self, requests: Iterable[Request]) -> None:
        """Keep every server busy until no request is left or an error stops the run."""
        self.news = asyncio.Event()
        self.source = iter(requests)
        self.is_drawn = False
        async with contextlib.AsyncExitStack() as stack:
            for endpoint in self.settings.endpoints:
                self.connections.append(await stack.enter_async_context(self.settings.connection(endpoint)))
            try:
                while await self._step():
                    pass
            finally:
                for task in self.tasks:
                    task.cancel()
                await asyncio.gather(*self.tasks, return_exceptions=True)
                for task in self.ended:  # read the result, so that asyncio does not warn
                    task.cancelled() or task.exception()
                self.settings.in_flight = 0

    async def _step(self) -> bool:
        """Send what there is capacity for, then wait for an event; return False when nothing is left."""
        self.news.clear()
        now = time.monotonic()
        pause = self._send(now)
        if not self.tasks and not self.again and self.held is None and self.is_drawn:
            return False
        if not self.tasks and self.held is not None:
            self._stop_for_money(self.held)
        self._see_whether_all_are_lost()
        if self.tasks:
            longest = QUIET_SECONDS if pause is None else min(pause, QUIET_SECONDS)
            alarm = asyncio.get_running_loop().call_later(longest, self.news.set)
            await self.news.wait()
            alarm.cancel()
            self._say_if_quiet()
        else:
            # Not the whole of a long pause: a server may be lost in the meantime.
            await asyncio.sleep(0.05 if pause is None else min(pause, 1.0))
        ended, self.ended = self.ended, []
        for task in ended:
            task.result()
        return True

    def _say_if_quiet(self) -> None:
        """Report that no reply has come yet: the first replies of a big model take minutes."""
        now = time.monotonic()
        if self.ended:
            self.heard = self.told_quiet = now
        elif now - self.told_quiet >= QUIET_SECONDS:
            self.told_quiet = now
            self.settings.said(f"{len(self.tasks)} calls under way, no answer for {now - self.heard:.0f} s")

    def _send(self, now: float) -> float | None:
        """Send what there is capacity for; return the seconds until more can be sent, or None to wait for a reply."""
        while True:
            waits = [
                (wait, connection.load, place)
                for place, connection in enumerate(self.connections)
                if (wait := connection.wait(now)) is not None
            ]
            if not waits:
                return None
            wait, _, place = min(waits)
            if wait > 0:
                return wait
            pending = self._next(now)
            if pending is None:
                return self.again[0][0] - now if self.again else None
            if not self.settings.run_budget.reserve(pending.worst):
                self.held = pending
                return None
            self._start(pending, self.connections[place])

    def _next(self, now: float) -> PendingRequest | None:
        """Return the next request: one that waited for the budget, one that is due for a retry, or a new one."""
        if self.held is not None:
            pending, self.held = self.held, None
            return pending
        if self.again and self.again[0][0] <= now:
            return heapq.heappop(self.again)[2]
        if self.is_drawn:
            return None
        request = next(self.source, None)
        if request is None:
            self.is_drawn = True
            return None
        return PendingRequest(request, self.settings.price.worst(request))

    def _start(self, pending: PendingRequest, connection: EndpointConnection) -> None:
        connection.in_flight += 1
        self.settings.in_flight += 1
        expected = connection.expected_tokens(pending.request)
        connection.pace.take(expected)
        task = asyncio.create_task(self._attempt(pending, connection, expected))
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self.ended.append(task)
        self.news.set()

    async def _attempt(self, pending: PendingRequest, connection: EndpointConnection, expected: int) -> None:
        pending.attempts += 1
        pending.began = time.monotonic()
        try:
            outcome = await self._outcome(pending, connection)
        except ServerError:
            self.settings.run_budget.settle(pending.worst, 0.0)
            raise
        except BaseException:
            # Cancelled: the cost will never be known.
            self.settings.run_budget.settle(pending.worst, pending.worst)
            pending.dollars += pending.worst
            if pending.dollars:
                self._let_go(pending, "broken off, because the run ended", connection)
            raise
        finally:
            connection.in_flight -= 1
            self.settings.in_flight -= 1
        spent = pending.cost(outcome, self.settings.price)
        pending.dollars += spent
        self.settings.run_budget.settle(pending.worst, spent)
        if isinstance(outcome, Reply):
            connection.note(None, outcome.completion_tokens)
            connection.pace.settle(expected, outcome.prompt_tokens + outcome.completion_tokens)
            self._hand_over(replace(outcome, at=now(), dollars=pending.dollars))
            return
        connection.note(outcome)
        connection.pace.settle(expected, 0)
        await self._failed(pending, outcome, connection)

    async def _outcome(self, pending: PendingRequest, connection: EndpointConnection) -> Reply | RequestFailure:
        request, endpoint = pending.request, connection.endpoint
        body = body_of(request, endpoint.model_name, endpoint.base_url)
        try:
            # The HTTP client's timeout applies to each read, so a server that sends slowly would never reach it.
            async with asyncio.timeout(self.settings.timeout):
                outcome = await connection.client.complete(body)
        except TimeoutError:
            reason = f"TimeoutError: no whole answer within {self.settings.timeout:g} s"
            return RequestFailure(reason, is_passing=True, is_silent=True, is_timed_out=True, is_paid=True)
        if isinstance(outcome, RequestFailure):
            return outcome
        try:
            return reply_of(request, outcome, time.monotonic() - pending.began, endpoint.served_by)
        except UnusableError as error:
            return RequestFailure(
                connection.client.clean(str(error)), is_passing=False, is_paid=True, tokens=error.tokens
            )
        except ValueError as error:
            return RequestFailure(f"the answer is not JSON: {error}", is_passing=True, is_paid=True)

    async def _failed(self, pending: PendingRequest, fault: RequestFailure, connection: EndpointConnection) -> None:
        """Schedule a retry, or give up on the row."""
        now = time.monotonic()
        if not fault.is_passing:
            self._let_go(pending, fault.reason, connection)
            return
        if not connection.client.is_there and fault.is_silent:
            await self._greet(connection)
        if fault.is_unreached:
            pending.attempts -= 1  # never sent, so it does not count against the row
        elif fault.is_busy:
            pending.attempts -= 1
            pending.busy += 1
        pending.slow += fault.is_timed_out
        tried = pending.attempts + pending.busy
        if (
            pending.attempts >= self.settings.attempts
            or pending.slow >= SLOW_ATTEMPTS
            or pending.busy >= BUSY_ATTEMPTS * self.settings.attempts
        ):
            self._let_go(pending, f"{fault.reason} (attempt {tried}, the last)", connection)
        else:
            heapq.heappush(self.again, (now + self._pause(fault, max(tried, 1)), id(pending), pending))
        failing = [0.0 if one.failing_since is None else now - one.failing_since for one in self.connections]
        if min(failing) > self.settings.patience:
            raise ServerError(
                f"{connection.endpoint.base_url}: nothing but failures for {min(failing):.0f} s, the last "
                f"{fault.reason!r}; what came before is kept: see to the server, then run again"
            )
        if connection.breaker.is_tripped and now - self.told >= NEWS_SECONDS:
            self.told = now
            others = "the other servers go on" if len(self.connections) > 1 else "everything so far is kept"
            self.settings.said(f"{connection.endpoint.base_url}: {fault.reason}; it is tried again, {others}")

    async def _greet(self, connection: EndpointConnection) -> None:
        """Check whether a server that has never responded is up; raise if no server is."""
        try:
            await connection.client.models()
        except ServerError:
            connection.is_absent = True
            if all(other.is_absent for other in self.connections):
                raise

    def _pause(self, fault: RequestFailure, tried: int) -> float:
        """Return the wait before a retry: the one the server asked for, or exponential backoff with full jitter.

        Full jitter, after M. Brooker, "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
        """
        if fault.retry_after is not None:
            return fault.retry_after + random.uniform(0, self.settings.backoff)
        return random.uniform(0, min(LONGEST_BACKOFF, self.settings.backoff * 2 ** min(tried - 1, 16)))

    def _let_go(self, pending: PendingRequest, reason: str, connection: EndpointConnection) -> None:
        self._hand_over(pending.given_up(reason, connection.endpoint.served_by))

    def _hand_over(self, reply: Reply) -> None:
        """Pass a reply to `keep`, unless it has raised before."""
        if self.refused:
            return
        self.refused = True
        self.keep(reply)
        self.refused = False

    def _stop_for_money(self, pending: PendingRequest) -> None:
        run_budget = self.settings.run_budget
        raise BudgetError(
            f"the budget is {in_dollars(run_budget.budget or 0.0)}, {in_dollars(run_budget.spent)} of it are spent, "
            f"and the next call could cost {in_dollars(pending.worst)}; everything so far is kept: raise "
            "SKYASSETS_BUDGET (or the recipe's), and run again"
        )

    def _see_whether_all_are_lost(self) -> None:
        reasons = [connection.endpoint.lost() for connection in self.connections]
        if all(reasons) and not (self.is_drawn and not self.again and not self.tasks):
            raise ServerError(reasons[0])
