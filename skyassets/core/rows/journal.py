"""Journal segments: rows appended as lines, each with its own checksum, so that damage can be located by row.

A line is the CRC-32 of the rest, the key, and the row: `1c291ca3<tab>"key"<tab>{...}<newline>`. A segment is locked by
the process that writes it, for as long as it may still write; a free lock means that the segment is closed.
"""

import contextlib
import fcntl
import json
import os
import secrets
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from skyassets.core.files import append, sync_folder

SEGMENTS = "journal-*.log"


@dataclass(frozen=True)
class Contents:
    """The intact rows of a segment, in order, and what is wrong with the others."""

    rows: list[dict[str, object]] = field(default_factory=list)
    damage: str = ""


def line(key: str, row: dict[str, object]) -> bytes:
    """`row` as a line of a segment."""
    body = f"{json.dumps(key)}\t{json.dumps(row, ensure_ascii=False)}".encode()
    return b"%08x\t%b\n" % (zlib.crc32(body), body)


def body(text: bytes) -> tuple[str, bytes] | None:
    """The key and the row's JSON from a line without its newline; None if the checksum does not match."""
    checksum, _, rest = text.partition(b"\t")
    if checksum != b"%08x" % zlib.crc32(rest):
        return None
    key, _, row = rest.partition(b"\t")
    return json.loads(key), row


def segments(folder: Path) -> list[Path]:
    """The segments in `folder`, oldest first: if two contain the same key, the first one wins."""
    return sorted(folder.glob(SEGMENTS))


def read_segment(path: Path) -> Contents:
    """Read a segment; an incomplete last line is normal while it is being written, and damage otherwise."""
    whole, _, rest = path.read_bytes().rpartition(b"\n")
    lines = [body(text) for text in whole.split(b"\n")] if whole else []
    rows = [json.loads(line[1]) for line in lines if line is not None]
    damage = []
    if len(rows) < len(lines):
        damage.append(f"{len(lines) - len(rows)} of {len(lines)} lines do not match their checksum")
    if rest:
        damage.append(f"its last line is cut short ({len(rest)} bytes)")
    return Contents(rows, " and ".join(damage))


@contextlib.contextmanager
def closed_segments(folder: Path) -> Iterator[list[Path]]:
    """The closed segments in `folder`, oldest first; no other process compacts them while the context lasts."""
    closed = []
    with contextlib.ExitStack() as stack:
        for path in segments(folder):
            with contextlib.suppress(FileNotFoundError, BlockingIOError):
                file = stack.enter_context(path.open("rb"))
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if path.exists():
                    closed.append(path)
        yield closed


class Segment:
    """A segment that this process writes to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.size = 0
        while True:
            last = max((int(path.name.split("-")[1]) for path in segments(folder)), default=0)
            self.path = folder / f"journal-{last + 1:06d}-{secrets.token_hex(4)}.log"
            self._file = os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_WRONLY, 0o644)
            fcntl.flock(self._file, fcntl.LOCK_EX)
            if self.path.exists():  # else a compaction found it empty before it was locked
                break
            os.close(self._file)
        sync_folder(folder)

    def append(self, lines: bytes) -> None:
        """Append `lines`; durable on return. If that fails (OSError), the segment is unchanged."""
        append(self._file, lines, self.size, is_durable=True)
        self.size += len(lines)

    def close(self) -> None:
        """Close the segment."""
        os.close(self._file)
