"""Confines a job without namespaces: by another user or Landlock, a system-call filter, and checks for the rest.

Runs inside the sandbox: standard library only. The job is denied what it would share with the rest of the machine: no
sockets, no changes to files outside its folder, no access to /proc.
"""

import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress

from skyassets.engines.sandbox.guest import folders, landlock_rules
from skyassets.engines.sandbox.guest import syscalls as kernel
from skyassets.engines.sandbox.guest.confinement import FILES, TMP_MB, set_limits
from skyassets.engines.sandbox.guest.process_tree import descendants

SYSTEM = ("/usr", "/bin", "/lib", "/lib32", "/lib64", "/sbin", "/etc/ld.so.cache")
OPEN_TO_ALL = ("/tmp", "/var/tmp", "/dev/shm")  # noqa: S108
_PREFIX = "skyassets-job-"
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")


class SharedSystem:
    """A job on the shared system. `user` is the first of two user ids to switch to, where that is allowed."""

    def __init__(self, calls: bytes, user: int | None, kind: str, readable: Sequence[str]) -> None:
        self._readable = readable
        self._calls, self._user = calls, user
        # A container may also allow Landlock, which is then added.
        has_landlock = landlock_rules.version() >= landlock_rules.NEEDED
        self._landlock = kind == "landlock" or (kind == "container" and has_landlock)
        self._folders: list[str] = []
        kernel.adopt_orphans()
        _remove_abandoned()

    def fork(self) -> int:
        """Like os.fork. The child gets its own folder to write to, and its own user where there are several."""
        self._folders.append(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        if self._user is not None:
            os.chmod(self._folders[-1], 0o1777)  # noqa: PTH101, S103
        return os.fork()

    def confine(self, limits: Mapping[str, int]) -> None:
        """Give up access to other processes."""
        folder = self._folders[-1]
        os.setsid()
        os.chdir(folder)
        os.environ.update(HOME=folder, TMPDIR=folder, PATH="/usr/bin:/bin", LANG="C.UTF-8")
        tempfile.tempdir = None
        if self._user is None:
            # The kernel counts all processes of the user, including earlier ones.
            limits = {**limits, "RLIMIT_NPROC": limits["RLIMIT_NPROC"] + _threads_of(os.getuid())}
        else:
            user = self._user + len(self._folders) - 1
            kernel.become(user, user)
        kernel.die_with_parent(signal.SIGKILL)
        set_limits(limits)
        kernel.never_gain_privileges()
        if self._landlock:
            landlock_rules.restrict((*SYSTEM, *_interpreter(), *self._readable), (folder, *DEVICES))
        if self._calls:
            kernel.filter_calls(self._calls)

    def end(self, first: int) -> None:
        """Kill every process of all running jobs."""
        self._kill()

    def clean(self) -> None:
        """Reap all orphans, however fast they multiply, and remove the folders."""
        with suppress(ChildProcessError):
            while True:
                reaped, _ = os.waitpid(-1, os.WNOHANG)
                if not reaped:
                    self._kill()
        for folder in self._folders:
            folders.remove(folder)
        self._folders.clear()

    def is_full(self) -> bool:
        """Whether a job's folder exceeds its size limit."""
        most = TMP_MB * 2**20
        if any(folders.is_over(folder, most, FILES) for folder in self._folders):
            return True
        _, *members = list(descendants(os.getpid()))
        return folders.deleted_bytes(members) > most

    def _kill(self) -> None:
        if self._user is None:
            _, *others = list(descendants(os.getpid()))
            for pid in others:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return
        for number, folder in enumerate(self._folders):
            killer = os.fork()
            if not killer:
                # Only the user itself can kill all its processes at once and empty its folder.
                try:
                    user = self._user + number
                    kernel.become(user, user)
                    with suppress(ProcessLookupError):
                        os.kill(-1, signal.SIGKILL)
                    for path in (folder, *OPEN_TO_ALL):
                        _empty(path, user)
                finally:
                    os._exit(0)
            os.waitpid(killer, 0)


def _remove_abandoned() -> None:
    """Remove the folders of servers that were killed, and could not."""
    with suppress(OSError):
        for entry in list(os.scandir(tempfile.gettempdir())):
            owner = entry.name.removeprefix(_PREFIX).partition("-")[0]
            if entry.name.startswith(_PREFIX) and owner.isdigit() and not os.path.exists(f"/proc/{owner}"):  # noqa: PTH110
                folders.remove(entry.path)


def _empty(folder: str, user: int) -> None:
    """Remove the files of `user` in `folder`."""
    with suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.stat(follow_symlinks=False).st_uid == user:
                folders.remove(entry.path)
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108


def _interpreter() -> Sequence[str]:
    return (os.path.realpath(sys.executable), os.path.join(sys.base_prefix, "lib"))  # noqa: PTH118


def _threads_of(user: int) -> int:
    count = 0
    for name in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        with suppress(OSError):
            if os.stat(f"/proc/{name}").st_uid == user:  # noqa: PTH116
                count += len(os.listdir(f"/proc/{name}/task"))  # noqa: PTH208
    return count
