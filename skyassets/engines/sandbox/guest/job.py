"""The first process of a job: it locks itself in, starts the program, and buries orphans. Standard library only."""

import fcntl
import os
import signal
from collections.abc import Callable, Mapping, Sequence

from skyassets.engines.sandbox.guest import syscalls as kernel
from skyassets.engines.sandbox.guest.confinement import Confinement

STDIN, STDOUT, STDERR, JOB, CHANNEL, RECEIVED, SENT = range(7)
"""The numbers of a job's files. Only an examiner and its program have the last two: they lead to each other."""
_MANY = 65_536


def start(confinement: Confinement, files: Sequence[int], limits: Mapping[str, int], main: Callable[[], None]) -> int:
    """The process id of a new job that runs `main` with `files` and no others; `ready` is said when it is locked in."""
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
            status = _keep_house(program)
        else:
            kernel.hide_from_peers(False)
            main()
            status = 0
    except BaseException as error:  # noqa: BLE001
        # Whoever comes here must not go on as if it were the fork server.
        os.write(STDERR, f"{type(error).__name__}: {error}\n".encode("utf-8", "replace"))
    finally:
        os._exit(status)


def _keep_house(program: int) -> int:
    """Bury whoever ends, until the program itself has ended."""
    while True:
        buried, status = os.waitpid(-1, 0)
        if buried == program:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _keep_only(files: Sequence[int]) -> None:
    """The files, numbered from 0 on, and nothing else."""
    spared = [fcntl.fcntl(fd, fcntl.F_DUPFD, 128) for fd in files]
    for number, fd in enumerate(spared):
        os.dup2(fd, number)
    os.closerange(len(files), _MANY)
