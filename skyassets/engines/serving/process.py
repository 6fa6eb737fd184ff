"""A model server as a child process: start it, wait until it is ready, watch it, and end it with all its children.

Independent of the server: `vllm_server` and `transformers_server` supply the command and the health URL. The
supervisor restarts it.
"""

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from skyassets.engines.host import watchdog as watchdog_program

TAIL_LINES = 20
LONGEST_LINE = 300
RAISED = re.compile(r"(?:^|\] )([\w.]+(?:Error|Exception): .*)")
"""The last line of a traceback, also with a logger's prefix."""


class ServerLog:
    """The part of a log file written after this object is created."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begins = path.stat().st_size if path.exists() else 0

    def read(self) -> tuple[str, str]:
        """Return the cause of death in one line, and the end of the log, preceded by the line with the cause.

        The cause is the first error, because a big server's later errors only report that its children died. Without an
        error it is the last line, which may be empty.
        """
        last: deque[str] = deque(maxlen=TAIL_LINES)
        raised = early = ""
        with self.path.open(encoding="utf-8", errors="replace") as file:
            file.seek(self._begins)
            for line in map(str.rstrip, file):
                match = None if raised else RAISED.search(line)
                raised = match[1] if match else raised
                if len(last) == TAIL_LINES and not early and RAISED.search(last[0]):
                    early = last[0]
                last.append(line)
        lines = [*([early] if early else []), *last]
        tail = f"its log ({self.path}) ends:\n" + "\n".join(f"  {line[:LONGEST_LINE]}" for line in lines)
        return (raised or (last[-1] if last else "")).strip()[:LONGEST_LINE], tail


POLL_SECONDS = 0.25
LOOK_SECONDS = 5.0
"""Interval between health checks of a ready server."""
NEWS_SECONDS = 10.0
LOGS = Path(tempfile.gettempdir()) / "skyassets-logs"

_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""No proxy, because the server is on this machine."""


def free_ports(number: int) -> tuple[int, ...]:
    """Return distinct loopback ports that are free at the moment."""
    with ExitStack() as probes:
        ports = []
        for _ in range(number):
            probe = probes.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            ports.append(int(probe.getsockname()[1]))
        return tuple(ports)


@dataclass(frozen=True)
class ServerExit:
    """Why a server ended on its own."""

    server: str
    what: str
    """What was observed, such as `died with exit status 1`."""
    cause: str
    """The line of the log that gives the cause; empty if there is none."""
    tail: str
    """The end of the log, and the path of the whole log."""

    @property
    def line(self) -> str:
        """What happened, in one line."""
        return f"{self.server}: {self.what}" + (f" ({self.cause})" if self.cause else "")

    @property
    def words(self) -> str:
        """What happened, with the end of the log."""
        return f"{self.server}: {self.what}; {self.tail}"


@dataclass(frozen=True)
class ServerProcess:
    """What to run, how to check that it is ready, and how long to wait."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    """Added to this process's environment."""
    health_url: str
    """Returns 200 once the server accepts requests."""
    log: Path
    """The log file. A restarted server appends to it."""
    patience: float
    """Seconds to wait until it is ready."""
    log_line: Callable[[str], None]
    unwell: float = 300.0
    """Seconds without a 200 from `health_url` after which the server counts as dead, even if its process runs."""

    @property
    def url(self) -> str:
        """The base URL of an OpenAI-compatible API that is served beside `health_url`."""
        return self.health_url.removesuffix("/health") + "/v1"

    def live(self, ended: threading.Event, became_ready: Callable[[], None]) -> ServerExit | None:
        """Run the server until it ends on its own or `ended` is set (None). No process is left running either way."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        log = ServerLog(self.log)
        watchdog = self._start()
        try:
            what = self._wait_ready(watchdog, ended)
            if what is None and not ended.is_set():
                became_ready()
                what = self._watch(watchdog, ended)
        finally:
            _stop(watchdog)
        if what is None:
            return None
        cause, tail = log.read()
        return ServerExit(self.name, what, cause, tail)

    def _start(self) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-I", watchdog_program.__file__, str(os.getpid()), *self.command]
        self.log_line(f"{self.name}: starting, log in {self.log}")
        with self.log.open("ab") as log:
            return subprocess.Popen(
                program,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,  # so that Ctrl-C reaches only us, and we shut it down
            )

    def _wait_ready(self, watchdog: subprocess.Popen[bytes], ended: threading.Event) -> str | None:
        """Wait until the server is ready or `ended` is set; return what went wrong, if anything."""
        began = logged = time.monotonic()
        while not ended.is_set() and not self._is_well():
            now = time.monotonic()
            if watchdog.poll() is not None:
                return _death(watchdog)
            if now - began > self.patience:
                return f"not ready after {self.patience:.0f} s: give it more time, or see what it waits for"
            if now - logged >= NEWS_SECONDS:
                logged = now
                self.log_line(f"{self.name}: not ready yet after {now - began:.0f} s")
            ended.wait(POLL_SECONDS)
        if not ended.is_set():
            self.log_line(f"{self.name}: ready after {time.monotonic() - began:.0f} s")
        return None

    def _watch(self, watchdog: subprocess.Popen[bytes], ended: threading.Event) -> str | None:
        """Wait until the server dies, is unhealthy too long, or `ended` is set; return what went wrong, or None."""
        looked = well = time.monotonic()
        while not ended.wait(POLL_SECONDS):
            if watchdog.poll() is not None:
                return _death(watchdog)
            now = time.monotonic()
            if now - looked >= min(LOOK_SECONDS, self.unwell / 2):
                looked = now
                well = now if self._is_well() else well
            if now - well > self.unwell:
                return f"was unhealthy for {self.unwell:.0f} s and was stopped"
        return None

    def _is_well(self) -> bool:
        try:
            with _direct.open(self.health_url, timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, http.client.HTTPException):  # refused, reset, timed out, another status, or not HTTP
            return False


def _death(watchdog: subprocess.Popen[bytes]) -> str:
    status = watchdog.returncode
    number = -status if status < 0 else status - 128
    if number not in set(signal.Signals):
        return f"died with exit status {status}"
    name = signal.Signals(number).name
    return f"was killed by {name}" + (", as when memory runs out" if name == "SIGKILL" else "")


def _stop(watchdog: subprocess.Popen[bytes]) -> None:
    """Terminate the watchdog, which ends the server. If that hangs, kill it, and the kernel ends the server."""
    watchdog.terminate()
    try:
        watchdog.wait(watchdog_program.GRACE_SECONDS + 10)
    except subprocess.TimeoutExpired:
        watchdog.kill()
        watchdog.wait()
