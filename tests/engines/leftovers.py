"""Which processes a server consists of, and whether they are gone."""

import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> set[int]:
    """All processes below `pid`."""
    pids: set[int] = set()
    # A thread or a process may end between two looks: it then has no children.
    with suppress(FileNotFoundError, ProcessLookupError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                for child in map(int, (thread / "children").read_text().split()):
                    pids |= {child} | descendants(child)
    return pids


def alive(pids: Collection[int]) -> set[int]:
    """Those of `pids` that still run; a zombie does not count."""
    return {pid for pid in pids if _state(pid) not in {"Z", "X", ""}}


def are_gone(pids: Collection[int], within: float = 20.0) -> bool:
    """Whether all of `pids` end in time."""
    deadline = time.monotonic() + within
    while alive(pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""
