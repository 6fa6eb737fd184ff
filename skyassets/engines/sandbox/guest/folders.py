"""Measures and removes folders that a program has filled, however deep. Runs inside the sandbox: standard library only.

Neither recurses, since a program may nest thousands of folders, nor uses a path that grows with them.
"""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress

DEEPEST = 64
"""Most levels of folders that are looked into; no program has use for more."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def is_over(folder: str, most_bytes: int, most_files: int) -> bool:
    """Whether `folder` holds more than that, is nested deeper than anybody looks, or hides what it holds."""
    size = count = 0
    waiting: list[tuple[int, str, int]] = [(-1, folder, 0)]
    held: list[int] = []
    try:
        while waiting:
            parent, name, depth = waiting.pop()
            if depth > DEEPEST:
                return True
            # The folders on the way to this one stay open, the others are done.
            while len(held) > depth:
                os.close(held.pop())
            try:
                fd = os.open(name, _FOLDER, dir_fd=None if parent < 0 else parent)
            except PermissionError:
                return True
            except OSError:
                continue
            held.append(fd)
            with os.scandir(fd) as entries:
                for entry in entries:
                    count += 1
                    with suppress(OSError):
                        size += entry.stat(follow_symlinks=False).st_blocks * 512
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((fd, entry.name, depth + 1))
                    if size > most_bytes or count > most_files:
                        return True
    finally:
        for fd in held:
            os.close(fd)
    return False


def deleted_bytes(pids: Iterable[int]) -> int:
    """Return the size of the files that processes have deleted and keep open."""
    sizes: dict[tuple[int, int], int] = {}
    for pid in pids:
        with suppress(OSError):
            for number in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
                with suppress(OSError):
                    path = f"/proc/{pid}/fd/{number}"
                    file = os.stat(path)  # noqa: PTH116
                    # A job's input is a file in memory that it did not make.
                    is_input = os.readlink(path).startswith("/memfd:")  # noqa: PTH115
                    if stat.S_ISREG(file.st_mode) and not file.st_nlink and not is_input:
                        sizes[file.st_dev, file.st_ino] = file.st_blocks * 512
    return sum(sizes.values())


def remove(folder: str) -> None:
    """Remove a folder with all that is in it, as far as we may. No program may be at work in it."""
    with suppress(OSError):
        _flatten(folder)
    with suppress(OSError):
        os.rmdir(folder)  # noqa: PTH106


def _flatten(top: str) -> None:
    """Remove all files, and move each folder in a folder to the top, until there is none."""
    os.chmod(top, 0o700)  # noqa: PTH101
    number = 0
    while folders := _files_removed(top):
        for path in folders:
            for inner in _files_removed(path):
                # A name of ours may be taken by the program's.
                while os.path.lexists(moved := os.path.join(top, f"{number}")):  # noqa: PTH118
                    number += 1
                os.rename(inner, moved)  # noqa: PTH104
            os.rmdir(path)  # noqa: PTH106


def _files_removed(folder: str) -> list[str]:
    """Remove the files in a folder, and return the paths of its folders."""
    folders = []
    with os.scandir(folder) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                os.chmod(entry.path, 0o700)  # noqa: PTH101
                folders.append(entry.path)
            else:
                os.unlink(entry.path)  # noqa: PTH108
    return folders
