"""Claims: tell other runs on the same store which rows this run is about to ask, so that nothing is asked twice.

A run has one claims file, locked for as long as the run lives: a line `+KEY` claims a row, `-KEY` releases it when the
row is stored or has failed. The kernel releases the lock when a run ends for any reason, which voids its claims.
"""

import contextlib
import fcntl
import os
import secrets
import threading
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from skyassets.core.errors import StoreError
from skyassets.core.files import append, shared
from skyassets.core.rows.index import RowIndex

SECONDS_BETWEEN_LOOKS = 0.2


@dataclass(frozen=True)
class ClaimResult:
    """The result of claiming keys: those this run may ask, and those another run is asking. The rest is stored."""

    ours: list[str]
    others: list[str]


@dataclass
class _Other:
    """Another run's claims file, as far as it has been read."""

    read: int = 0
    keys: set[str] = field(default_factory=set)


class Claims:
    """This run's claims on the rows of `folder`, as a context manager; remaining claims are released at its end."""

    def __init__(self, folder: Path, index: RowIndex) -> None:
        self.folder, self.index = folder, index
        self._others: dict[Path, _Other] = {}
        self._path = folder / f"claims-{os.getpid()}-{secrets.token_hex(4)}.txt"
        self._file = -1
        self._size = 0
        self._writing = threading.Lock()

    def __enter__(self) -> "Claims":
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._exclusive():
                self._file = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, 0o644)
                fcntl.flock(self._file, fcntl.LOCK_EX)
        except OSError as error:
            raise self._error(error) from error
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):  # a file that remains has no lock holder
            self._path.unlink()
        os.close(self._file)

    def take(self, keys: Sequence[str]) -> ClaimResult:
        """Claim those of `keys` that are neither stored nor claimed by another run.

        Raises:
            StoreError: when the claim cannot be written.
        """
        with self._exclusive():
            # Read the claims first: a row is stored before its claim is released.
            claimed = self._claimed_by_others()
            self.index.refresh()
            missing = [key for key in keys if key in self.index.missing]
            ours = [key for key in missing if key not in claimed]
            self._write("+", ours)
        return ClaimResult(ours, [key for key in missing if key in claimed])

    def release(self, keys: Iterable[str]) -> None:
        """Release the claims on `keys`; their rows are stored, or other runs may try them."""
        # A failed write loses nothing: the claims end with the run.
        with contextlib.suppress(StoreError):
            self._write("-", keys)

    def wait(self) -> None:
        """Wait a moment for other runs to make progress."""
        time.sleep(SECONDS_BETWEEN_LOOKS)

    def _write(self, sign: str, keys: Iterable[str]) -> None:
        lines = "".join(f"{sign}{key}\n" for key in keys).encode()
        with self._writing:
            try:
                append(self._file, lines, self._size, is_durable=False)
            except OSError as error:
                raise self._error(error) from error
            self._size += len(lines)

    def _claimed_by_others(self) -> set[str]:
        paths = {path for path in self.folder.glob("claims-*.txt") if path != self._path}
        self._others = {path: other for path, other in self._others.items() if path in paths}
        for path in paths:
            with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    self._read(file.fileno(), self._others.setdefault(path, _Other()))
                else:
                    path.unlink(missing_ok=True)
                    self._others.pop(path, None)
        return set().union(*(other.keys for other in self._others.values()))

    def _read(self, file: int, other: _Other) -> None:
        more = os.pread(file, os.fstat(file).st_size - other.read, other.read)
        whole, newline, _ = more.rpartition(b"\n")
        other.read += len(whole) + len(newline)
        for text in whole.decode().splitlines():
            (other.keys.add if text.startswith("+") else other.keys.discard)(text[1:])

    def _exclusive(self) -> contextlib.AbstractContextManager[None]:
        return shared(self.folder / ".claims.lock", is_exclusive=True)

    def _error(self, error: OSError) -> StoreError:
        return StoreError(f"cannot claim rows in {self.folder}: {error.strerror}; free space, then run again")
