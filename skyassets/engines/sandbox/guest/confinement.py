"""Confines a job, and ends it with all its processes. Runs inside the sandbox: standard library only."""

import os
import resource
import signal
from collections.abc import Mapping
from typing import Protocol

from skyassets.engines.sandbox.guest import syscalls as kernel

TMP_MB, SHARED_MB, FILES = 32, 16, 4096
SCRATCH, SHARED = "/tmp", "/dev/shm"  # noqa: S108


class Confinement(Protocol):
    """Isolates one job from everything else."""

    def fork(self) -> int:
        """Like os.fork. The child is the first process of a job."""
        ...

    def confine(self, limits: Mapping[str, int]) -> None:
        """In the child: permanently give up access to everything outside the job."""
        ...

    def end(self, first: int) -> None:
        """End the job whose first process is `first`, with all its processes."""
        ...

    def clean(self) -> None:
        """Remove what the job has left, after its last process has ended."""
        ...

    def is_full(self) -> bool:
        """Whether the job has filled its folder, if nothing else limits the size."""
        ...


class Namespaces:
    """User, process, IPC and mount namespaces for each job. When they end, so do all its processes and files."""

    def __init__(self, calls: bytes) -> None:
        self._calls = calls
        self._user, self._group = os.getuid(), os.getgid()

    def fork(self) -> int:
        """Like os.fork. The child is the first process of new namespaces."""
        return kernel.fork_into(
            kernel.NEW_USER | kernel.NEW_PROCESSES | kernel.NEW_IPC | kernel.NEW_MOUNTS,
        )

    def confine(self, limits: Mapping[str, int]) -> None:
        """See only the job's processes and an empty scratch folder, then drop the privileges that this needed."""
        kernel.be_only(self._user, self._group)
        kernel.mount_processes(alone=True)
        kernel.mount_memory(SCRATCH, TMP_MB, FILES)
        kernel.mount_memory(SHARED, SHARED_MB, FILES)
        os.chdir(SCRATCH)
        kernel.drop_capabilities()
        set_limits(limits)
        kernel.never_gain_privileges()
        kernel.filter_calls(self._calls)

    def end(self, first: int) -> None:
        """Kill the namespace's first process; the kernel then ends the others."""
        os.kill(first, signal.SIGKILL)

    def clean(self) -> None:
        """Do nothing: the folders ended with their namespace."""

    def is_full(self) -> bool:
        """Return False: the file system has a fixed size."""
        return False


def set_limits(limits: Mapping[str, int]) -> None:
    """Set the resource limits of each process of the job."""
    for name, value in limits.items():
        # At equal limits of CPU time the kernel would kill without the signal that names the reason.
        resource.setrlimit(getattr(resource, name), (value, value + (name == "RLIMIT_CPU")))
