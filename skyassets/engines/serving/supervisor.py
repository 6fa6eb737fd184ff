"""Supervises local servers: restarts one that dies, on the same port, a limited number of times.

Each server is watched by a thread; its clients see failing connections until it is back. A server that dies before it
was ever ready is not restarted, because it would die again.
"""

import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import contextmanager
from dataclasses import dataclass

from skyassets.core.errors import ServerError
from skyassets.engines.serving.process import ServerExit, ServerProcess

SOON_SECONDS = 10.0
"""A server that dies within this time of being ready, or before, died early."""
SOON_DEATHS = 3
"""Consecutive early deaths after which it is not restarted."""
NOTICE_SECONDS = 2.0
"""How much earlier than the supervisor a client may notice that a server died."""


@dataclass(frozen=True)
class Restarts:
    """How often a dead server is restarted, and after which pause."""

    most: int = 3
    pause: float = 5.0
    """Seconds, to let its memory and its port become free."""

    def longest(self, patience: float) -> float:
        """Return how long a client may see only failures while a server restarts that takes `patience` seconds."""
        return patience + self.pause + 60.0


class ServerKeeper:
    """Keeps one server running, in a thread."""

    def __init__(self, process: ServerProcess, restarts: Restarts) -> None:
        self.process = process
        self.restarts = restarts
        self.ready: Future[None] = Future()
        """Done when the server is first ready; fails with a ServerError if it never becomes ready."""
        self._ended = threading.Event()
        self._is_down = threading.Event()
        self._ready_at: float | None = None
        self._ending: ServerExit | None = None
        self._lost = ""

    def keep(self) -> None:
        """Run the server, and restart it when it dies, until `end` is called or it is lost."""
        early = 0
        for lives in itertools.count():
            self._ready_at = None
            ending = self.process.live(self._ended, self._became_ready)
            if ending is None:
                return
            self._ending = ending
            self._is_down.set()
            if not self.ready.done():
                self.ready.set_exception(ServerError(ending.words))
                return
            early = 0 if self._lived() >= SOON_SECONDS else early + 1
            if why := self._why_not_again(lives, early):
                self._lost = f"{ending.server}: {ending.what}, and is not restarted: {why}; {ending.tail}"
                self.process.log_line(f"{ending.line}, and is not restarted: {why}")
                return
            pause = self.restarts.pause
            self.process.log_line(f"{ending.line}; restarting in {pause:.0f} s ({lives + 1} of {self.restarts.most})")
            if self._ended.wait(pause):
                return

    def end(self) -> None:
        """Make `keep` stop the server and return."""
        self._ended.set()

    def lost(self) -> str:
        """Return why the server will never respond again, with the end of its log; empty as long as it may."""
        return self._lost

    def trouble(self, within: float) -> str:
        """Return why the server died, if it is down or goes down within `within` seconds."""
        return self._ending.words if self._is_down.wait(within) and self._ending is not None else ""

    def run(self) -> None:
        """Call `keep`, and record its error, if any: the server is no longer supervised then."""
        try:
            self.keep()
        except Exception as error:  # noqa: BLE001  # raised where the server is used
            self._lost = f"{self.process.name}: it is no longer supervised ({type(error).__name__}: {error})"
            if not self.ready.done():
                self.ready.set_exception(error)

    def _became_ready(self) -> None:
        self._ready_at = time.monotonic()
        self._is_down.clear()
        if not self.ready.done():
            self.ready.set_result(None)

    def _lived(self) -> float:
        return time.monotonic() - self._ready_at if self._ready_at is not None else 0.0

    def _why_not_again(self, restarts: int, early: int) -> str:
        if restarts >= self.restarts.most:
            return f"it was restarted {restarts} times, the maximum"
        if early >= SOON_DEATHS:
            return f"it died within {SOON_SECONDS:.0f} s of being ready, or before, {early} times in a row"
        return ""


@contextmanager
def supervised(processes: Sequence[ServerProcess], restarts: Restarts) -> Iterator[tuple[ServerKeeper, ...]]:
    """Yield the servers once all are ready. End them and their children on leaving the context.

    Raises:
        ServerError: if one dies or is not ready in time, with the end of its log; also if the body of the context
            raises a ServerError while a server is down.
    """
    keepers = tuple(ServerKeeper(process, restarts) for process in processes)
    # Daemons, because a server may stay idle until the interpreter exits.
    threads = [threading.Thread(target=keeper.run, name="server-keeper", daemon=True) for keeper in keepers]
    try:
        for keeper, thread in zip(keepers, threads, strict=True):
            keeper.process.log.unlink(missing_ok=True)
            thread.start()
        for ready in as_completed([keeper.ready for keeper in keepers]):
            ready.result()
        try:
            yield keepers
        except ServerError as error:
            causes = _troubles(keepers, str(error))
            if causes:
                raise ServerError(f"{error}\n{causes}") from error
            raise
    finally:
        for keeper in keepers:
            keeper.end()
        for thread in threads:
            if thread.ident is not None:
                thread.join()


def _troubles(keepers: Sequence[ServerKeeper], message: str) -> str:
    """Return why the servers that are down died, unless the error already says so."""
    if any(keeper.lost() and keeper.lost() in message for keeper in keepers):
        return ""
    by = time.monotonic() + NOTICE_SECONDS
    return "\n".join(filter(None, (keeper.trouble(max(by - time.monotonic(), 0)) for keeper in keepers)))
