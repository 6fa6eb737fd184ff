"""The fork server: forks each job from a warm interpreter, watches it, and ends it. Never runs a program itself.

Runs inside the sandbox, invisible to the jobs: standard library only. No data of a job enters its memory, because the
next job gets a copy of that: the kernel copies sources, inputs and outputs from file to file.
"""

import fcntl
import gc
import os
import select
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from skyassets.engines.sandbox.guest import frames, libraries, program
from skyassets.engines.sandbox.guest import syscalls as kernel
from skyassets.engines.sandbox.guest.confinement import Confinement, Namespaces
from skyassets.engines.sandbox.guest.job import STARTING_SECONDS, start
from skyassets.engines.sandbox.guest.process_tree import is_over
from skyassets.engines.sandbox.guest.waiting import MOST_WAITING, Waiting

CHECK_MS = 50
CHUNK = 2**20
READABLE = select.POLLIN | select.POLLHUP | select.POLLERR
TIME, MEMORY, OUTPUT = "time limit", "memory limit", "output limit"
PRELOADED = (
    "bisect", "collections", "copy", "functools", "heapq", "itertools", "json", "math", "operator", "random", "re",
    "string", "threading", "typing",
)  # fmt: skip
"""Modules that programs import most. Each one makes every fork slower."""


def main(settings: dict[str, object]) -> None:
    """Confine this process, report that it is ready, and serve orders until standard input closes."""
    signal.signal(signal.SIGTERM, _leave)
    orders, replies = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 64) for fd in (0, 1))
    null = os.open("/dev/null", os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(null, 1)
    user = settings["user"]
    if isinstance(user, int) and settings["confinement"] == "namespaces":
        # bubblewrap covers parts of its /proc, and the kernel then lets no job mount one of its own.
        kernel.mount_processes()
        kernel.become(user, user)
        kernel.die_with_parent(signal.SIGKILL)
        # Changing the user hid this process even from itself. No job can see it anyway.
        kernel.hide_from_peers(False)
        kernel.never_gain_privileges()
    calls = bytes.fromhex(str(settings["filter"]))
    confinement: Confinement
    if settings["confinement"] == "namespaces":
        confinement = Namespaces(calls)
    else:
        from skyassets.engines.sandbox.guest.shared_system import SharedSystem

        readable = _texts(settings.get("readable"))
        kind = str(settings["confinement"])
        confinement = SharedSystem(calls, user if isinstance(user, int) else None, kind, readable)
    for name in PRELOADED:
        __import__(name)
    libraries.load(_texts(settings["libraries"]), _texts(settings["path"]), _texts(settings["importable"]))
    gc.collect()
    gc.freeze()
    os.dup2(1, 2)
    frames.write_all(replies, frames.header({"ready": True}))
    while (order := frames.read_header(orders)) is not None:
        parts = [_read_part(orders, size) for size in _list(order["parts"])]
        _JobRun(order, parts, confinement, owner=orders).answer(replies)


def _leave(number: int, frame: object) -> NoReturn:
    """Signal handler: exit, which ends the running job."""
    raise SystemExit(1)


def _examine() -> None:
    # Imported in the job: every fork would copy what this process has loaded.
    from skyassets.engines.sandbox.guest import examiner

    examiner.main()


def _be_examined() -> None:
    from skyassets.engines.sandbox.guest import examinee

    examinee.main()


def _list(value: object) -> list[int]:
    assert isinstance(value, list)
    return value


def _texts(value: object) -> list[str]:
    return [str(text) for text in value] if isinstance(value, list) else []


def _read_part(orders: int, size: int) -> int:
    """Read the next `size` bytes into a file that cannot be changed any more."""
    fd = os.memfd_create("part", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    while size:
        moved = os.splice(orders, fd, min(size, CHUNK))
        if not moved:
            os._exit(1)
        size -= moved
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


class _Tap:
    """Copies what a job writes to a file."""

    def __init__(self) -> None:
        self.pipe, self.far_end = os.pipe2(os.O_CLOEXEC)
        self.file = os.memfd_create("output", os.MFD_CLOEXEC)
        self.size = 0
        self.open = True

    def drain(self, room: int) -> None:
        """Read what is in the pipe, up to a limit."""
        while self.size <= room:
            try:
                moved = os.splice(self.pipe, self.file, CHUNK, flags=os.SPLICE_F_NONBLOCK)
            except BlockingIOError:
                return
            if not moved:
                self.open = False
                return
            self.size += moved

    def close(self) -> None:
        os.close(self.pipe)
        os.close(self.file)


class _JobRun:
    """One job, or two (a program and its examiner), from start to end."""

    def __init__(self, order: dict[str, object], parts: list[int], confinement: Confinement, owner: int) -> None:
        self._order, self._parts, self._confinement, self._owner = order, parts, confinement, owner
        self._taps = [_Tap() for _ in range(5 if order["examined"] else 3)]
        self._jobs: list[int] = []

    def answer(self, replies: int) -> None:
        """Run the job, and send how it ended and all its output."""
        self._jobs = self._start_examined() if self._order["examined"] else [self._start_alone()]
        for tap in self._taps:
            os.close(tap.far_end)
        for part in self._parts:
            os.close(part)
        exceeded = failure = None
        try:
            exceeded = self._watch()
        except Exception as error:  # noqa: BLE001  whatever a job does to be unobservable ends the job, not the server
            failure = f"{type(error).__name__}: {error}"[:500]
        finally:
            status, *_ = [self._end(first) for first in self._jobs]
            self._confinement.clean()
        for tap in self._taps:
            tap.drain(self._room)
        if exceeded is None and self._written > self._room:
            exceeded = OUTPUT
        sizes = [tap.size for tap in self._taps]
        reply = {"status": status, "exceeded": exceeded, "failure": failure, "sizes": sizes}
        frames.write_all(replies, frames.header(reply))
        for tap in self._taps:
            sent = 0
            while sent < tap.size:
                sent += os.sendfile(replies, tap.file, sent, tap.size - sent)
            tap.close()

    @property
    def _room(self) -> int:
        return int(str(self._order["output"]))

    @property
    def _written(self) -> int:
        return sum(tap.size for tap in self._taps)

    @property
    def _is_ready(self) -> bool:
        """Whether every job has written `ready` to its channel."""
        return all(tap.size for tap in self._taps[2::2])

    def _start_alone(self) -> int:
        job, stdin = self._parts
        stdout, stderr, channel = (tap.far_end for tap in self._taps)
        return self._start((stdin, stdout, stderr, job, channel), program.main)

    def _start_examined(self) -> list[int]:
        """Start the examiner and its program. The job ends when the examiner does; the two share only two pipes."""
        job, stdin, check = self._parts
        stdout, stderr, channel, errors, verdict = (tap.far_end for tap in self._taps)
        questions, ask = os.pipe2(os.O_CLOEXEC)
        answers, answer = os.pipe2(os.O_CLOEXEC)
        null = os.open("/dev/null", os.O_RDWR | os.O_CLOEXEC)
        try:
            return [
                self._start((null, null, errors, check, verdict, answers, ask), _examine),
                self._start((stdin, stdout, stderr, job, channel, questions, answer), _be_examined),
            ]
        finally:
            for fd in (questions, ask, answers, answer, null):
                os.close(fd)

    def _start(self, files: tuple[int, ...], main: Callable[[], None]) -> int:
        limits = self._order["rlimits"]
        assert isinstance(limits, dict)
        return start(self._confinement, files, limits, main)

    def _watch(self) -> str | None:
        """Wait until the first job ends (None), or until it exceeds a limit.

        The time limit is wall-clock time minus the time waiting for a processor that others use, from when the job is
        confined: a busy machine fails no program.
        """
        seconds = float(str(self._order["seconds"]))
        started: float | None = None
        waiting = [Waiting(first) for first in self._jobs]
        deadline = time.monotonic() + STARTING_SECONDS
        poll = select.poll()
        end = os.pidfd_open(self._jobs[0])
        try:
            poll.register(end, select.POLLIN)
            poll.register(self._owner, 0)
            taps = {tap.pipe: tap for tap in self._taps}
            for fd in taps:
                poll.register(fd, READABLE)
            next_look = time.monotonic() + CHECK_MS / 1000
            while True:
                wait = max(0.0, min(deadline, next_look) - time.monotonic())
                ready = [fd for fd, _ in poll.poll(wait * 1000 + 1)]
                if self._owner in ready:
                    # The caller has gone.
                    for first in self._jobs:
                        self._end(first)
                    self._confinement.clean()
                    os._exit(1)
                for fd in ready:
                    if fd in taps:
                        taps[fd].drain(self._room)
                        if not taps[fd].open:
                            poll.unregister(fd)
                if self._written > self._room:
                    return OUTPUT
                if end in ready:
                    return None
                now = time.monotonic()
                if started is None and self._is_ready:
                    started, deadline = now, now + seconds
                if now >= deadline:
                    if started is None:
                        return TIME
                    for each in waiting:
                        each.look()
                    waited = min(max(0.0, *(each.seconds for each in waiting)), MOST_WAITING * seconds)
                    if now >= started + seconds + waited:
                        return TIME
                    deadline = started + seconds + waited
                if now >= next_look:
                    if is_over(self._jobs, float(str(self._order["memory_mb"]))):
                        return MEMORY
                    if self._confinement.is_full():
                        return OUTPUT
                    for each in waiting:
                        each.look()
                    next_look = time.monotonic() + CHECK_MS / 1000
        finally:
            os.close(end)

    def _end(self, first: int) -> int:
        with suppress(ProcessLookupError):
            self._confinement.end(first)
        _, status = os.waitpid(first, 0)
        return os.waitstatus_to_exitcode(status)
