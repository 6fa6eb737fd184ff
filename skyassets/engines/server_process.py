"""A model server as a child process: started, waited for, watched and ended with everything it started.

Knows nothing of any one server: `vllm_server` and `transformers_server` say what to run and where health is told.
"""

import http.client
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.errors import ServerError
from skyassets.engines import server_watchdog

POLL_SECONDS = 0.25
NEWS_SECONDS = 10.0
TAIL_LINES = 20
RAISED = re.compile(r"(^|\] )[\w.]+(Error|Exception): ")
"""How a traceback ends, also where a logger wrote its own heading before each line."""
LOGS = Path(tempfile.gettempdir()) / "skyassets-logs"

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""No proxy stands before our own machine."""


def free_port() -> int:
    """A loopback port nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class ServerProcess:
    """What to run, how to see that it is ready, and how long to wait for that."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    """Laid over this process's own."""
    health_url: str
    """Answers 200 once the server can be asked."""
    log: Path
    patience: float
    said: Callable[[str], None]

    @contextmanager
    def running(self) -> Iterator[None]:
        """The server, ready to be asked; ended with all its children however the context ends, or this process dies.

        Raises:
            ServerError: when it dies or is not ready in time, with the end of its log; also when the work done in the
                context fails with a ServerError and it turns out that the server has died.
        """
        self.log.parent.mkdir(parents=True, exist_ok=True)
        watchdog = self._start()
        try:
            self._wait_ready(watchdog)
            try:
                yield
            except ServerError as error:
                if self._has_died(watchdog):
                    raise ServerError(f"{error}\n{self._last_words(watchdog)}") from error
                raise
        finally:
            _stop(watchdog)

    def _start(self) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-I", server_watchdog.__file__, str(os.getpid()), *self.command]
        self.said(f"{self.name}: starting, log in {self.log}")
        with self.log.open("wb") as log:
            return subprocess.Popen(
                program,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,  # so that Ctrl-C reaches us alone, and we end it in order
            )

    def _wait_ready(self, watchdog: subprocess.Popen[bytes]) -> None:
        began = told = time.monotonic()
        while not self._is_ready():
            now = time.monotonic()
            if watchdog.poll() is not None:
                raise ServerError(self._last_words(watchdog))
            if now - began > self.patience:
                raise ServerError(
                    f"{self.name}: not ready after {self.patience:.0f} s: give it more time, or see what it waits for; "
                    f"{self._tail()}"
                )
            if now - told >= NEWS_SECONDS:
                told = now
                self.said(f"{self.name}: not ready yet after {now - began:.0f} s")
            time.sleep(POLL_SECONDS)
        self.said(f"{self.name}: ready after {time.monotonic() - began:.0f} s")

    def _is_ready(self) -> bool:
        try:
            with _direct.open(self.health_url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):  # refused, reset, timed out, another status, or not HTTP
            return False

    def _has_died(self, watchdog: subprocess.Popen[bytes]) -> bool:
        """Whether the server is gone, which a client notices a moment before its watchdog."""
        try:
            watchdog.wait(timeout=2 * server_watchdog.POLL_SECONDS + 1)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _last_words(self, watchdog: subprocess.Popen[bytes]) -> str:
        return f"{self.name}: died with exit status {watchdog.returncode}; {self._tail()}"

    def _tail(self) -> str:
        """The end of the log, and before it the first error it tells of: a big server dies of its children's deaths."""
        lines = self.log.read_text(errors="replace").splitlines()
        cause = [line for line in lines[:-TAIL_LINES] if RAISED.search(line)][:1]
        return f"its log ({self.log}) ends:\n" + "\n".join(f"  {line[:300]}" for line in cause + lines[-TAIL_LINES:])


def _stop(watchdog: subprocess.Popen[bytes]) -> None:
    """End the watchdog, which ends the server; should it not manage, kill it, and the kernel ends the server."""
    watchdog.terminate()
    try:
        watchdog.wait(server_watchdog.GRACE_SECONDS + 10)
    except subprocess.TimeoutExpired:
        watchdog.kill()
        watchdog.wait()
