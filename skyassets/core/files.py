"""Atomic file replacement, file digests, and a lock that is released when its holder ends."""

import contextlib
import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from skyassets.core.errors import StoreError
from skyassets.core.identity import new_hash


def file_digest(path: Path) -> str:
    """BLAKE2b-128 of the file's bytes, as hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, new_hash).hexdigest()


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[Path]:
    """A temporary path next to `path` that replaces it durably if the block succeeds; otherwise it is removed.

    Raises:
        StoreError: when the file cannot be written (no space, no permission).
    """
    part: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
        os.close(handle)
        part = Path(name)
        yield part
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; free space or choose another data folder") from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` atomically."""
    with replaced(path) as part:
        part.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def locked(path: Path, log: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock file `path`. If another process holds it, report that once through `log`, then wait.

    The kernel releases the lock when its holder ends for any reason, so a killed run never blocks the next one.
    """
    with _lock_file(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            log(f"{path.name} is held by process {file.read().strip() or 'unknown'}; waiting for it to finish")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def holder(path: Path) -> str:
    """The process that holds the lock file `path`; empty if there is none. Does not wait."""
    try:
        file = path.open(encoding="utf-8")
    except OSError:
        return ""
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return file.read().strip() or "unknown"
    return ""


@contextlib.contextmanager
def shared(path: Path, is_exclusive: bool = False) -> Iterator[None]:
    """Hold the lock file `path` shared, or exclusively; waits for conflicting holders."""
    with _lock_file(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX if is_exclusive else fcntl.LOCK_SH)
        yield


def _lock_file(path: Path) -> TextIO:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("a+", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"cannot write in {path.parent}: {error.strerror}; choose another data folder") from error


def append(file: int, content: bytes, size: int, *, is_durable: bool) -> None:
    """Append `content` to an open file of `size` bytes; if that fails (OSError), the file is unchanged."""
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(file, left) :]
        if is_durable:
            os.fdatasync(file)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(file, size)
        raise


def sync_folder(folder: Path) -> None:
    """Make the file names in `folder` durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
