"""The memory and waiting time of a process and its descendants, read from /proc. Never kills."""

import os
from collections.abc import Iterator

MOST_WAITING = 2.0
"""Most extra time for waiting for a busy processor, as a multiple of the job's time limit."""


def resident_mb(pid: int) -> float:
    """Return the memory that `pid` and its descendants hold, in MiB, without mapped files."""
    return sum(_own_kb(member) for member in descendants(pid)) / 1024


def proportional_mb(pid: int) -> float:
    """Like `resident_mb`, but count shared memory once. Slower."""
    return sum(_share_kb(member) for member in descendants(pid)) / 1024


def waited_seconds(pid: int) -> float:
    """Return the longest time that a thread of `pid` or its descendants was ready to run but got no processor.

    From the second field of /proc/PID/task/TID/schedstat (kernel documentation, scheduler/sched-stats); 0 where the
    kernel does not record it.
    """
    tasks = (f"/proc/{member}/task/{thread}" for member in descendants(pid) for thread in _list(f"/proc/{member}/task"))
    statistics = (_read(f"{task}/schedstat").split() for task in tasks)
    return max((int(figures[1]) for figures in statistics if len(figures) > 1), default=0) / 1e9


def descendants(pid: int) -> Iterator[int]:
    """Yield `pid` and its descendants, including orphans, which the sandbox's first process adopts."""
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        yield member
        waiting.extend(children(member))


def children(pid: int) -> list[int]:
    """Return the processes that `pid` has started or adopted and not yet reaped."""
    threads = _list(f"/proc/{pid}/task")
    return [int(child) for thread in threads for child in _read(f"/proc/{pid}/task/{thread}/children").split()]


def _own_kb(pid: int) -> int:
    fields = dict(line.split(":", 1) for line in _read(f"/proc/{pid}/status").splitlines())
    return sum(int(fields.get(name, "0 kB").split()[0]) for name in ("RssAnon", "RssShmem"))


def _share_kb(pid: int) -> int:
    try:
        _, *lines = _read(f"/proc/{pid}/smaps_rollup").splitlines() or [""]
        fields = dict(line.split(":", 1) for line in lines)
    except PermissionError:
        # It denies access to its details, so it is charged for all its memory.
        return _own_kb(pid)
    return sum(int(fields.get(name, "0 kB").split()[0]) for name in ("Pss_Anon", "Pss_Shmem"))


def _list(folder: str) -> list[str]:
    # Not pathlib, which every fork of the warm interpreter would copy.
    try:
        return os.listdir(folder)  # noqa: PTH208
    except (FileNotFoundError, ProcessLookupError):
        return []


def _read(path: str) -> str:
    # A process may end in the meantime: it then has no memory and no children.
    try:
        with open(path) as file:  # noqa: PTH123
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""
