"""The first process of a job: confines itself, starts the program, and reaps orphans. Standard library only."""

import fcntl
import os
import signal
from collections.abc import Callable, Mapping, Sequence

from skyassets.engines.sandbox.guest import syscalls as kernel
from skyassets.engines.sandbox.guest.confinement import Confinement

STDIN, STDOUT, STDERR, JOB, CHANNEL, RECEIVED, SENT = range(7)
"""A job's file descriptors. Only an examiner and its program have the last two, which connect them."""
STARTING_SECONDS = 10.0
"""Most seconds until a job is confined."""
_MANY = 65_536


def start(confinement: Confinement, files: Sequence[int], limits: Mapping[str, int], main: Callable[[], None]) -> int:
    """Start a job that runs `main` with only `files` open; return its pid. It writes `ready` once confined."""
    first = confinement.fork()
    if first:
        return first
    status = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        _keep_only(files)
        confinement.confine(limits)
        os.write(CHANNEL, b"ready\n")
        kernel.hide_from_peers(True)
        program = os.fork()
        if program:
            os.closerange(0, len(files))
            status = _reap_until_end_of(program)
        else:
            kernel.hide_from_peers(False)
            main()
            status = 0
    except BaseException as error:  # noqa: BLE001
        # A failed child must not continue as if it were the fork server.
        os.write(STDERR, f"{type(error).__name__}: {error}\n".encode("utf-8", "replace"))
    finally:
        os._exit(status)


def _reap_until_end_of(program: int) -> int:
    """Reap children until the program exits."""
    while True:
        reaped, status = os.waitpid(-1, 0)
        if reaped == program:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _keep_only(files: Sequence[int]) -> None:
    """Renumber `files` from 0 and close all others."""
    spared = [fcntl.fcntl(fd, fcntl.F_DUPFD, 128) for fd in files]
    for number, fd in enumerate(spared):
        os.dup2(fd, number)
    os.closerange(len(files), _MANY)
