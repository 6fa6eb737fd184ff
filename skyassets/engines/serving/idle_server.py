"""Keeps a local server running between two uses in one process, so that it is not started twice.

At most one server is idle. It stops when another one starts, after `IDLE_SECONDS`, when `stop_idle_server` is called,
or with this process.
"""

import atexit
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace

from skyassets.engines.serving.process import ServerProcess, free_ports
from skyassets.engines.serving.supervisor import Restarts, ServerKeeper, supervised

IDLE_SECONDS = 1800.0
"""How long a server stays idle."""


@dataclass
class _Server:
    """Running processes, and what ends them."""

    key: object
    """What is run: the command lines and environments, without the ports."""
    log: Callable[[str], None]
    """Where the current user of the server wants its log lines."""
    keepers: tuple[ServerKeeper, ...] = ()
    end: ExitStack = field(default_factory=ExitStack)

    def write_log(self, line: str) -> None:
        """Log a line for the current user."""
        self.log(line)


_lock = threading.Lock()
_idle: _Server | None = None
_timer: threading.Timer | None = None


@contextmanager
def running(
    processes: Callable[[tuple[int, ...]], tuple[ServerProcess, ...]],
    number: int,
    restarts: Restarts,
    log: Callable[[str], None],
    *,
    stays: bool,
) -> Iterator[tuple[ServerKeeper, ...]]:
    """Yield the `number` processes that `processes` makes for their ports, running: the idle ones if they are the same.

    With `stays`, they stay idle afterwards, unless the body fails.

    Raises:
        ServerError: as `supervised` does.
    """
    key = tuple((process.command, process.environment) for process in processes((0,) * number))
    with ExitStack() as stack:
        server = _take()
        if server is not None and server.key == key and not any(keeper.lost() for keeper in server.keepers):
            server.log = log
            log(f"{server.keepers[0].process.name}: still running")
            stack.push(server.end)
        else:
            if server is not None:
                server.end.close()
            server = _Server(key, log)
            started = [replace(process, log_line=server.write_log) for process in processes(free_ports(number))]
            server.keepers = stack.enter_context(supervised(started, restarts))
        yield server.keepers
        if stays:
            server.end, server.log = stack.pop_all(), _nowhere
            _put(server)


@atexit.register
def stop_idle_server() -> None:
    """Stop the idle server, if there is one: it holds memory."""
    if server := _take():
        server.end.close()


def _take() -> _Server | None:
    """Return the idle server, which is then no longer idle."""
    global _idle, _timer
    with _lock:
        server, _idle = _idle, None
        if _timer:
            _timer.cancel()
            _timer = None
    return server


def _put(server: _Server) -> None:
    global _idle, _timer
    stop_idle_server()
    with _lock:
        _idle, _timer = server, threading.Timer(IDLE_SECONDS, stop_idle_server)
        _timer.daemon = True
        _timer.start()


def _nowhere(line: str) -> None:
    """Discard a log line."""
