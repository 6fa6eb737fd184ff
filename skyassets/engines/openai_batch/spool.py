"""The requests of a run on disk, as the lines of batches, because they may not fit in memory."""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from skyassets.core.errors import StoreError
from skyassets.core.money import Price
from skyassets.core.ports import Request
from skyassets.engines.chat_format.dialect import Dialect
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.openai_batch.jsonl import line_of

PIECE = 1 << 20


@dataclass(frozen=True)
class SpooledRequest:
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


def spool_requests(
    requests: Iterable[Request], file: IO[bytes], endpoint: Endpoint, price: Price, dialect: Dialect
) -> dict[str, SpooledRequest]:
    """Append the lines of `requests` to `file`, and return the rows by id."""
    rows: dict[str, SpooledRequest] = {}
    start = file.seek(0, os.SEEK_END)
    for request in requests:
        line = line_of(request, endpoint.model_name, dialect)
        file.write(line)
        worst = price.worst(request) * price.batch
        rows[request.id] = SpooledRequest(replace(request, messages=()), worst, start, len(line))
        start += len(line)
    file.flush()
    return rows


def body_of(row: SpooledRequest, spool: IO[bytes]) -> dict[str, Any]:
    """Return the body that the row's line sends."""
    spool.seek(row.start)
    body: dict[str, Any] = json.loads(spool.read(row.size))["body"]
    return body


def first_file(rows: Mapping[str, SpooledRequest], most_rows: int, most_bytes: int) -> dict[str, SpooledRequest]:
    """Return the first of `rows` that fit together into one file."""
    chosen: dict[str, SpooledRequest] = {}
    size = 0
    for name, row in sorted(rows.items()):
        size += row.size
        if len(chosen) == most_rows or size > most_bytes:
            break
        chosen[name] = row
    return chosen


def copy_lines(rows: Iterable[SpooledRequest], spool: IO[bytes], file: IO[bytes]) -> None:
    """Write the lines of `rows` to `file`."""
    for row in rows:
        spool.seek(row.start)
        file.write(spool.read(row.size))
    file.flush()
