"""How a job is locked in, and how it is ended with all it started. Runs inside the sandbox: standard library only."""

import os
import resource
import signal
from collections.abc import Mapping
from typing import Protocol

from skyassets.engines.sandbox.guest import syscalls as kernel

TMP_MB, SHARED_MB, FILES = 32, 16, 4096
SCRATCH, SHARED = "/tmp", "/dev/shm"  # noqa: S108


class Confinement(Protocol):
    """What keeps one job from everything else."""

    def fork(self) -> int:
        """As os.fork; the child is the first process of a job."""
        ...

    def confine(self, limits: Mapping[str, int]) -> None:
        """In that child: let go of everything that is not the job's, for good."""
        ...

    def end(self, first: int) -> None:
        """End the job whose first process is `first`, with everything it started."""
        ...

    def clean(self) -> None:
        """After the last process has ended: remove what the job has left."""
        ...

    def is_full(self) -> bool:
        """Whether the job has filled its folder, where nothing else forbids that."""
        ...


class Namespaces:
    """A user, process, IPC and mount namespace a job: its end ends every descendant, and nothing stays behind."""

    def __init__(self, calls: bytes) -> None:
        self._calls = calls
        self._user, self._group = os.getuid(), os.getgid()

    def fork(self) -> int:
        """As os.fork; the child is the first process of new namespaces."""
        return kernel.fork_into(
            kernel.NEW_USER | kernel.NEW_PROCESSES | kernel.NEW_IPC | kernel.NEW_MOUNTS,
        )

    def confine(self, limits: Mapping[str, int]) -> None:
        """See only the own processes and an empty scratch folder; give up the rights that were needed for it."""
        kernel.be_only(self._user, self._group)
        kernel.mount_processes()
        kernel.mount_memory(SCRATCH, TMP_MB, FILES)
        kernel.mount_memory(SHARED, SHARED_MB, FILES)
        os.chdir(SCRATCH)
        kernel.drop_capabilities()
        set_limits(limits)
        kernel.never_gain_privileges()
        kernel.filter_calls(self._calls)

    def end(self, first: int) -> None:
        """Kill the namespace's first process: the kernel ends the others with it."""
        os.kill(first, signal.SIGKILL)

    def clean(self) -> None:
        """Nothing: the folders went with their namespace."""

    def is_full(self) -> bool:
        """Never: the file system itself has a size."""
        return False


def set_limits(limits: Mapping[str, int]) -> None:
    """What each process of the job may use."""
    for name, value in limits.items():
        resource.setrlimit(getattr(resource, name), (value, value))
