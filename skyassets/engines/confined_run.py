"""One run of a command that is not trusted: started bare, watched, cut off at its limits. Knows no sandbox."""

import fcntl
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from skyassets.core.ports import Limits, Program, RunKind
from skyassets.engines.process_tree import children, resident_mb

STARTING_SECONDS = 30.0
"""For the sandbox itself; the program's clock starts when the channel says `ready`."""
BURYING_SECONDS = 10.0
LOOK_SECONDS = 0.05
CHUNK = 65_536


@dataclass(frozen=True)
class Ending:
    """How a run ended: its exit status, the limit that cut it off if one did, and all it wrote."""

    status: int
    cut: RunKind | None
    stdout: bytes
    stderr: bytes
    channel: bytes


@contextmanager
def sealed_file(content: bytes) -> Iterator[int]:
    """A file without a name that holds `content` and that nobody can change any more."""
    fd = os.memfd_create("sealed", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        with os.fdopen(os.dup(fd), "wb") as file:
            file.write(content)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
        os.lseek(fd, 0, os.SEEK_SET)
        yield fd
    finally:
        os.close(fd)


def watch(command: Sequence[str], stdin: int, kept: tuple[int, ...], program: Program, limits: Limits) -> Ending:
    """Run `command` (plus the number of a fresh channel) until it ends, says enough, or passes a limit.

    It gets no environment and no file descriptors but stdin, the `kept` ones and the channel. Its child has to be the
    first process of a process namespace: when this returns, that one is dead, and all its descendants with it.
    """
    channel, far_end = os.pipe()
    try:
        process = subprocess.Popen(
            [*command, str(far_end)],
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={}, cwd="/", pass_fds=(*kept, far_end), start_new_session=True,
        )  # fmt: skip
    finally:
        os.close(far_end)
    assert process.stdout is not None
    assert process.stderr is not None
    with process, os.fdopen(channel, "rb", buffering=0) as results:
        taps = _Taps(process, {process.stdout.fileno(): 0, process.stderr.fileno(): 1, results.fileno(): 2})
        try:
            cut = taps.follow(limits, 1 if program.call else None)
        finally:
            taps.close()
            status = _end(process)
    stdout, stderr, said = taps.read
    return Ending(status, cut, bytes(stdout), bytes(stderr), bytes(said))


def _end(process: subprocess.Popen[bytes]) -> int:
    """Kill the namespace, then whoever kept it: in this order it is buried by its own parent."""
    for first in children(process.pid):
        with suppress(ProcessLookupError):
            os.kill(first, signal.SIGKILL)
    try:
        return process.wait(BURYING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


class _Taps:
    """The three pipes of one process, and its end, under one selector."""

    def __init__(self, process: subprocess.Popen[bytes], pipes: dict[int, int]) -> None:
        self.read = (bytearray(), bytearray(), bytearray())
        self._process, self._pipes = process, pipes
        self._exit = os.pidfd_open(process.pid)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._exit, selectors.EVENT_READ)
        for fd in pipes:
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ)

    def close(self) -> None:
        self._selector.close()
        os.close(self._exit)

    def follow(self, limits: Limits, calls: int | None) -> RunKind | None:
        """Read until the process ends or has answered all its calls (None), or one of the limits is passed."""
        started = False
        deadline = time.monotonic() + STARTING_SECONDS
        next_look = time.monotonic() + LOOK_SECONDS
        room = limits.output_kb * 1024
        while True:
            events = self._selector.select(max(0.0, min(deadline, next_look) - time.monotonic()))
            ready = [key.fd for key, _ in events]
            ended = self._exit in ready
            for fd in self._pipes if ended else ready:
                self._drain(fd, room)
            now = time.monotonic()
            if sum(map(len, self.read)) > room:
                return RunKind.OUTPUT_LIMIT
            if ended or (calls is not None and self.read[2].count(b"\n") >= calls + 2):
                return None
            if not started and self.read[2].startswith(b"ready\n"):
                started, deadline = True, now + limits.seconds
            elif now >= deadline:
                return RunKind.TIME_LIMIT
            if now >= next_look:
                if resident_mb(self._process.pid) > limits.memory_mb:
                    return RunKind.MEMORY_LIMIT
                next_look = time.monotonic() + LOOK_SECONDS

    def _drain(self, fd: int, room: int) -> None:
        """Take what lies in a pipe, but not without end."""
        into = self.read[self._pipes[fd]]
        while len(into) <= room:
            try:
                chunk = os.read(fd, CHUNK)
            except BlockingIOError:
                return
            if not chunk:
                if fd in self._selector.get_map():
                    self._selector.unregister(fd)
                return
            into += chunk
