"""A process and its descendants, as /proc shows them from outside: what they hold of the memory. Never kills."""

import os
from collections.abc import Iterator

MOST_WAITING = 2.0
"""Times its limit, at most, that a job is given back for waiting for a processor that others had."""


def resident_mb(pid: int) -> float:
    """Memory that `pid` and all its descendants hold now, in MiB; files that are merely mapped do not count."""
    return sum(_own_kb(member) for member in descendants(pid)) / 1024


def proportional_mb(pid: int) -> float:
    """As `resident_mb`, with what several processes share counted once; slower."""
    return sum(_share_kb(member) for member in descendants(pid)) / 1024


def waited_seconds(pid: int) -> float:
    """How long the thread of `pid` and its descendants that waited most was ready to run and got no processor.

    From the second figure of /proc/PID/task/TID/schedstat (kernel documentation, scheduler/sched-stats); 0 where the
    kernel keeps none.
    """
    tasks = (
        f"/proc/{member}/task/{thread}" for member in descendants(pid) for thread in _listed(f"/proc/{member}/task")
    )
    told = (_read(f"{task}/schedstat").split() for task in tasks)
    return max((int(figures[1]) for figures in told if len(figures) > 1), default=0) / 1e9


def descendants(pid: int) -> Iterator[int]:
    """`pid`, its children and theirs; an orphan stays in, for the sandbox's first process adopts it."""
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        yield member
        waiting.extend(children(member))


def children(pid: int) -> list[int]:
    """The processes that `pid` has started, or adopted, and not yet buried."""
    threads = _listed(f"/proc/{pid}/task")
    return [int(child) for thread in threads for child in _read(f"/proc/{pid}/task/{thread}/children").split()]


def _own_kb(pid: int) -> int:
    fields = dict(line.split(":", 1) for line in _read(f"/proc/{pid}/status").splitlines())
    return sum(int(fields.get(name, "0 kB").split()[0]) for name in ("RssAnon", "RssShmem"))


def _share_kb(pid: int) -> int:
    try:
        _, *lines = _read(f"/proc/{pid}/smaps_rollup").splitlines() or [""]
        fields = dict(line.split(":", 1) for line in lines)
    except PermissionError:
        # It lets nobody look: then it is charged for all it holds.
        return _own_kb(pid)
    return sum(int(fields.get(name, "0 kB").split()[0]) for name in ("Pss_Anon", "Pss_Shmem"))


def _listed(folder: str) -> list[str]:
    # Without pathlib: it would be one of the modules that every fork of the warm interpreter carries.
    try:
        return os.listdir(folder)  # noqa: PTH208
    except (FileNotFoundError, ProcessLookupError):
        return []


def _read(path: str) -> str:
    # A process may end between two looks: it then holds nothing and has no children.
    try:
        with open(path) as file:  # noqa: PTH123
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return ""
