"""Records of batches and the rows in each, written durably before the batch is created.

A record is a small JSON file. It holds no key and no text: only the rows' ids, the server's name, the batch's id, and
how its requests were written.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from skyassets.core.errors import StoreError
from skyassets.core.files import write_text
from skyassets.engines.chat_format.dialect import Dialect


@dataclass(frozen=True)
class BatchRecord:
    """The record of one batch."""

    digest: str
    """Digest of all requests. The batch carries it as metadata, by which it is found if its id was never recorded."""
    server: str
    model: str
    ids: tuple[str, ...]
    """The rows it holds; after it is collected, those that have a result."""
    at: float
    """When it was planned (seconds since 1970)."""
    batch: str = ""
    """Its id; empty while it is unknown whether it was created."""
    is_collected: bool = False
    dialect: Dialect | None = None
    """How its requests were written. None in a record of an earlier version: in the dialect of the server's host."""


@dataclass(frozen=True)
class BatchRecords:
    """The records in `folder`."""

    folder: Path

    def path(self, digest: str) -> Path:
        """Return the path of the record for this digest."""
        return self.folder / f"{digest}.json"

    def of(self, server: str, model: str) -> Iterator[BatchRecord]:
        """Yield the records on batches of one model at one server, oldest first.

        Raises:
            StoreError: if one is corrupted.
        """
        records = [self._read(path) for path in sorted(self.folder.glob("*.json"))]
        for record in sorted(records, key=lambda record: record.at):
            if (record.server, record.model) == (server, model):
                yield record

    def holds(self, digest: str) -> bool:
        """Whether there is a record for this digest."""
        return self.path(digest).exists()

    def write(self, record: BatchRecord) -> None:
        """Write `record`; it is durable on return."""
        write_text(self.path(record.digest), json.dumps(asdict(record), default=sorted))

    def delete(self, record: BatchRecord) -> None:
        """Delete `record`."""
        self.path(record.digest).unlink(missing_ok=True)

    def _read(self, path: Path) -> BatchRecord:
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            values["ids"] = tuple(values["ids"])
            written = values.get("dialect")
            values["dialect"] = written and _dialect(written)
            return BatchRecord(**{field.name: values[field.name] for field in fields(BatchRecord)})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"the record of a batch in {path} is corrupted ({error}); move it away: unless the server still lists "
                "the batch, its rows will be requested (and paid for) again"
            ) from error


def dialect_text(dialect: Dialect) -> str:
    """Return a dialect as it is recorded; the same text for equal dialects."""
    return json.dumps(asdict(dialect), default=sorted, sort_keys=True)


def _dialect(values: dict[str, Any]) -> Dialect:
    """Return a recorded dialect. What this version does not know is left out."""
    known = {field.name: values[field.name] for field in fields(Dialect) if field.name in values}
    known |= {name: frozenset(value) for name, value in known.items() if isinstance(value, list)}
    return Dialect(**known)


def server_name(base_url: str) -> str:
    """Return the server's name: its URL without possible secrets."""
    parts = urlsplit(base_url)
    return f"{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
