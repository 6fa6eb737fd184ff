"""Runs a server for as long as its starter lives, and leaves none of its processes behind. A program of its own.

    python -I watchdog.py [--log FILE] STARTER_PID COMMAND [ARGUMENT...]

The server's output goes to FILE, if given.

It ends the server on SIGTERM or when the starter is gone (also by SIGKILL, which no handler sees), and cleans up after
a server that died by itself. Standard library only, a single thread. On Linux it adopts orphans, so it also finds
descendants that left the server's process group, and the kernel ends the server if this process itself is killed.
"""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

POLL_SECONDS = 0.2
GRACE_SECONDS = 10.0
"""How long a server may take to shut down."""
PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36


def watch(starter: int, command: list[str], log: str | None = None) -> int:
    """Run `command` until it ends, the starter is gone or SIGTERM comes; return its exit status, or 0 if we ended it.

    If a signal killed it, the status is 128 plus the signal's number, as in a shell.
    """
    signals: list[int] = []

    def stop(number: int, _: FrameType | None) -> None:
        signals.append(number)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    with open(log, "ab") if log else contextlib.nullcontext() as output:  # noqa: PTH123
        server = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=_die_with_watchdog,
        )
    while server.poll() is None and os.getppid() == starter and not signals:
        time.sleep(POLL_SECONDS)
    status = server.returncode
    _end(server)
    if status is None:
        return 0
    return status if status >= 0 else 128 - status


def _end(server: subprocess.Popen[bytes]) -> None:
    """Ask the server to shut down; then kill its process group and any process that left it."""
    server.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        server.wait(GRACE_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    while orphans := _children():
        for orphan in orphans:
            os.kill(orphan, signal.SIGKILL)
            os.waitpid(orphan, 0)


def _children() -> list[int]:
    """Return our child processes, including adopted orphans; empty if this is not Linux."""
    listing = Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in listing.read_text().split()] if listing.exists() else []


def _die_with_watchdog() -> None:
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


if __name__ == "__main__":
    words = sys.argv[1:]
    log = words[1] if words[0] == "--log" else None
    words = words[2:] if log else words
    sys.exit(watch(int(words[0]), words[1:], log))
