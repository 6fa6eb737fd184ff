"""Records of batches and the rows in each, written durably before the batch is created.

A note is a small JSON file. It holds no key and no text: only the rows' ids, the server's name and the batch's id.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from skyassets.core.errors import StoreError
from skyassets.core.files import write_text


@dataclass(frozen=True)
class Note:
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


@dataclass(frozen=True)
class Notes:
    """The notes in `folder`."""

    folder: Path

    def path(self, digest: str) -> Path:
        """Return the path of the note for this digest."""
        return self.folder / f"{digest}.json"

    def of(self, server: str, model: str) -> Iterator[Note]:
        """Yield the notes on batches of one model at one server, oldest first.

        Raises:
            StoreError: if one is corrupted.
        """
        notes = [self._read(path) for path in sorted(self.folder.glob("*.json"))]
        yield from sorted(
            (note for note in notes if (note.server, note.model) == (server, model)), key=lambda note: note.at
        )

    def holds(self, digest: str) -> bool:
        """Whether there is a note for this digest."""
        return self.path(digest).exists()

    def write(self, note: Note) -> None:
        """Write `note`; it is durable on return."""
        write_text(self.path(note.digest), json.dumps(asdict(note)))

    def drop(self, note: Note) -> None:
        """Delete `note`."""
        self.path(note.digest).unlink(missing_ok=True)

    def _read(self, path: Path) -> Note:
        try:
            told = json.loads(path.read_text(encoding="utf-8"))
            told["ids"] = tuple(told["ids"])
            return Note(**{field.name: told[field.name] for field in fields(Note)})
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"the note on a batch in {path} is damaged ({error}); move it away: unless the server still lists the "
                "batch, its rows will be asked (and paid) again"
            ) from error


def server_name(base_url: str) -> str:
    """Return the server's name: its URL without possible secrets."""
    parts = urlsplit(base_url)
    return f"{parts.hostname}{f':{parts.port}' if parts.port else ''}{parts.path.rstrip('/')}"
