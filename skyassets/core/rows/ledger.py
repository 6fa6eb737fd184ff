"""The ledger's entries: costs and savings that no completion records, one durable line each. Append-only.

A line that was cut short by a power failure is skipped when reading; the next one starts on a new line.
"""

import fcntl
import json
import os
import uuid
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.tables.declarations import LEDGER_ENTRIES
from skyassets.core.text import now

DOCTOR = "doctor"
"""Stands in place of an asset for the doctor's calls."""


class LedgerEvent(StrEnum):
    """What an entry records."""

    FAILED = "failed calls"
    CHECKED = "calls of the doctor"
    REUSED = "reused rows"
    SERVING = "serving"
    TRAINING = "training"


@dataclass(frozen=True)
class LedgerEntry:
    """One event: what it was for, and what it cost."""

    event: LedgerEvent
    asked_for: str
    """The recipe and asset, as `recipe/asset`."""
    model: str
    run: str
    count: int = 1
    seconds: float = 0.0
    gpus: int = 0
    dollars: float | None = 0.0
    error: str | None = None


@dataclass(frozen=True)
class LedgerEntries:
    """The entries of all recipes, in `folder`."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file, JSON lines."""
        return self.folder / "ledger_entries.jsonl"

    def add(self, entry: LedgerEntry) -> None:
        """Append `entry`; durable on return, and safe from any thread or process.

        Raises:
            StoreError: when it cannot be written.
        """
        at = now()
        line = json.dumps({"entry_id": uuid.uuid4().hex, "at": at, **asdict(entry)}, ensure_ascii=False)
        raw = line.encode("utf-8", "replace") + b"\n"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                end = file.seek(0, os.SEEK_END)
                is_torn = end > 0 and os.pread(file.fileno(), 1, end - 1) != b"\n"
                file.write(b"\n" * is_torn + raw)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"the ledger cannot write to {self.path}: {error.strerror}; free space or choose another data folder"
            ) from error

    def read(self) -> pl.DataFrame:
        """All complete entries, with their table's schema."""
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            lines = []
        return LEDGER_ENTRIES.frame([row for line in lines if (row := _whole(line))])


def _whole(line: str) -> dict[str, object] | None:
    """The entry on a line; None if the line is incomplete."""
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and set(row) == set(LEDGER_ENTRIES.columns) else None
