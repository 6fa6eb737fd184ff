"""The memory of a process and its descendants, read from /proc. Never kills.

Everything is read as bytes: a process may call itself anything.
"""

import os
from collections.abc import Iterable, Iterator

_SHARED_MEMORY = b"/dev/zero"
"""How the kernel calls shared memory without a file."""


def is_over(pids: Iterable[int], most_mb: float) -> bool:
    """Whether the trees of `pids` hold more than `most_mb` MiB together, without mapped files."""
    members = [member for pid in pids for member in descendants(pid)]
    sizes = [_sizes(member) for member in members]
    # The quick sum counts shared memory once per process.
    if _mb(sizes, b"RssAnon", b"RssShmem") > most_mb:
        shares = [_shares(member) for member in members]
        if _mb(shares, b"Pss_Anon", b"Pss_Shmem") > most_mb:
            return True
    if _mb(sizes, b"VmSize") <= most_mb:
        return False
    # Shared memory lasts while it is mapped, whoever wrote it and whoever let go of its pages.
    mapped, hidden = _mapped_kb(members, sizes)
    if not mapped and not hidden:
        return False
    own = _mb([_shares(member) for member in members], b"Pss_Anon")
    return own + (sum(mapped.values()) + hidden) / 1024 > most_mb


def resident_mb(pid: int) -> float:
    """Return the memory that `pid` and its descendants hold, in MiB, without mapped files."""
    return _mb([_sizes(member) for member in descendants(pid)], b"RssAnon", b"RssShmem")


def descendants(pid: int) -> Iterator[int]:
    """Yield `pid` and its descendants, including orphans, which the sandbox's first process adopts."""
    waiting = [pid]
    while waiting:
        member = waiting.pop()
        yield member
        waiting.extend(children(member))


def children(pid: int) -> list[int]:
    """Return the processes that `pid` has started or adopted and not yet reaped."""
    return [int(child) for thread in threads(pid) for child in read(f"/proc/{pid}/task/{thread}/children").split()]


def threads(pid: int) -> list[str]:
    """Return the threads of a process; none if it has ended."""
    # Not pathlib, which every fork of the warm interpreter would copy.
    try:
        return os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return []


def read(path: str) -> bytes:
    """Return the content of a file of /proc; nothing if the process has ended in the meantime.

    Raises:
        PermissionError: if the process denies access to its details.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return file.read()
    except PermissionError:
        raise
    except OSError:
        return b""


def _mb(processes: list[dict[bytes, int]], *names: bytes) -> float:
    return sum(sizes.get(name, 0) for sizes in processes for name in names) / 1024


def _sizes(pid: int) -> dict[bytes, int]:
    return _numbers(read(f"/proc/{pid}/status"))


def _shares(pid: int) -> dict[bytes, int]:
    try:
        return _numbers(read(f"/proc/{pid}/smaps_rollup"))
    except PermissionError:
        # It denies access to its details, so it is charged for all its memory.
        sizes = _sizes(pid)
        return {b"Pss_Anon": sizes.get(b"RssAnon", 0), b"Pss_Shmem": sizes.get(b"RssShmem", 0)}


def _mapped_kb(members: list[int], sizes: list[dict[bytes, int]]) -> tuple[dict[bytes, int], int]:
    """Return the size of each piece of shared memory, and of what processes have mapped that show no details."""
    mapped: dict[bytes, int] = {}
    hidden = 0
    for member, size in zip(members, sizes, strict=True):
        try:
            lines = read(f"/proc/{member}/maps").splitlines()
        except PermissionError:
            known = sum(size.get(name, 0) for name in (b"VmData", b"VmStk", b"VmExe", b"VmLib"))
            hidden += max(0, size.get(b"VmSize", 0) - known - _USUAL_KB)
            continue
        pieces: dict[bytes, int] = {}
        for line in lines:
            span, modes, _, _, inode, *path = line.split(None, 5)
            if modes[3:4] == b"s" and path and path[0].startswith(_SHARED_MEMORY):
                start, end = (int(part, 16) for part in span.split(b"-"))
                pieces[inode] = pieces.get(inode, 0) + (end - start) // 1024
        for inode, kb in pieces.items():
            mapped[inode] = max(mapped.get(inode, 0), kb)
    return mapped, hidden


_USUAL_KB = 32 * 1024
"""What an interpreter maps besides its memory and its code: read-only data, and gaps."""


def _numbers(text: bytes) -> dict[bytes, int]:
    """Return the sizes in a file of `Name: 12 kB` lines."""
    found: dict[bytes, int] = {}
    for line in text.splitlines():
        name, _, value = line.partition(b":")
        if value.endswith(b" kB"):
            found[name] = int(value[:-3])
    return found
