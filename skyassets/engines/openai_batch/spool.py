"""The requests of a run on disk, as the lines of batches, because they may not fit in memory."""

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from skyassets.core.errors import StoreError
from skyassets.core.money import Price
from skyassets.core.ports import Request
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_batch.jsonl import line_of

PIECE = 1 << 20


@dataclass(frozen=True)
class Row:
    """A request whose messages are on disk."""

    request: Request
    worst: float
    """Most it can cost in a batch, in dollars."""
    start: int
    size: int
    """Where its line is, in bytes."""


@contextmanager
def scratch(folder: Path) -> Iterator[IO[bytes]]:
    """Yield a temporary file.

    Raises:
        StoreError: if it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            yield file
    except OSError as error:
        raise StoreError(f"cannot write in {folder}: {error.strerror or error}; free space there") from error


def spooled(requests: Iterable[Request], file: IO[bytes], endpoint: Endpoint, price: Price) -> dict[str, Row]:
    """Write the lines of `requests` to `file`, and return the rows by id."""
    rows: dict[str, Row] = {}
    start = 0
    for request in requests:
        line = line_of(request, endpoint.model_name, endpoint.base_url)
        file.write(line)
        worst = price.worst(request) * price.batch
        rows[request.id] = Row(replace(request, messages=()), worst, start, len(line))
        start += len(line)
    file.flush()
    return rows


def copied(rows: Iterable[Row], spool: IO[bytes], file: IO[bytes]) -> None:
    """Write the lines of `rows` to `file`."""
    for row in rows:
        spool.seek(row.start)
        file.write(spool.read(row.size))
    file.flush()
