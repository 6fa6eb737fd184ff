"""Reads the rows of a file in any common format, one at a time; an unreadable row is reported as such.

Text is UTF-8, or as its byte-order mark says. Memory holds the current row, and a Parquet or Arrow file's batch or the
text of a `.json` file.
"""

import contextlib
import csv
import gzip
import io
import json
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from skyassets.core.errors import SourceError
from skyassets.core.sources import Unreadable
from skyassets.core.text import well_formed

Row = dict[str, object]
Rows = Iterator[Row | Unreadable]

BATCH_ROWS = 256
EXCERPT = 2_000
"""Characters of an unreadable row that are kept with its error."""
MARKS = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

_NO_TEXT = re.compile("[\udc80-\udcff]")
_BLANK = re.compile(r"[ \t\r\n]*")


def file_rows(path: Path, columns: set[str] | None, besides: frozenset[str] = frozenset()) -> Rows:
    """Yield the rows of `path`, in order. Column formats read only `columns`, if all of them exist.

    Those of `besides` that exist are included.

    Raises:
        SourceError: for an unknown format, or a file that cannot be read as a whole.
    """
    suffix = path.suffixes[-2] if path.suffix == ".gz" and len(path.suffixes) > 1 else path.suffix
    try:
        match suffix.lower():
            case ".parquet":
                yield from _parquet(path, columns, besides)
            case ".arrow":
                yield from _arrow(path)
            case ".jsonl" | ".ndjson":
                yield from _json_lines(path)
            case ".json":
                yield from _json(path)
            case ".csv":
                yield from _separated(path, ",")
            case ".tsv":
                yield from _separated(path, "\t")
            case _:
                raise SourceError(
                    f"{path}: the name must end in .parquet, .arrow, .jsonl, .json, .csv or .tsv (text formats also "
                    "with .gz)"
                )
    except (OSError, EOFError, UnicodeError, zlib.error) as error:
        raise SourceError(f"{path} is not readable as {suffix[1:]}: {error}") from error


def _parquet(path: Path, columns: set[str] | None, besides: frozenset[str]) -> Rows:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            names = set(file.schema_arrow.names)
            read = sorted(columns | besides & names) if columns and columns <= names else None
            for batch in file.iter_batches(BATCH_ROWS, columns=read):
                yield from batch.to_pylist()
    except pa.ArrowException as error:
        raise SourceError(f"{path} is not readable as parquet: {error}") from error


def _arrow(path: Path) -> Rows:
    """Read an Arrow file, or an Arrow stream as the `datasets` library writes it."""
    import pyarrow as pa
    from pyarrow import ipc

    try:
        with pa.memory_map(str(path)) as file:
            is_file = file.read(6) == b"ARROW1"
            file.seek(0)
            whole = ipc.open_file(file) if is_file else ipc.open_stream(file)
            for batch in map(whole.get_batch, range(whole.num_record_batches)) if is_file else whole:
                for start in range(0, batch.num_rows, BATCH_ROWS):
                    yield from batch.slice(start, BATCH_ROWS).to_pylist()
    except pa.ArrowException as error:
        raise SourceError(f"{path} is not readable as arrow: {error}") from error


def _json_lines(path: Path) -> Rows:
    with _opened(path, newline="\n") as file:
        yield from _objects(file)


def _objects(lines: Iterable[str]) -> Rows:
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        position = f"line {number}"
        if not _is_text(line):
            yield Unreadable(position, "it is not UTF-8", _excerpt(line))
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield Unreadable(position, f"it is no JSON: {error}", _excerpt(line))
            continue
        yield row if isinstance(row, dict) else Unreadable(position, "it is no JSON object", _excerpt(line))


def _json(path: Path) -> Rows:
    """Read an array of objects, or JSON lines, which are often called `.json` too."""
    with _opened(path, newline="\n") as file:
        text = file.read()
    at, number, decoder = _start(text, 0), 0, json.JSONDecoder()
    if not text.startswith("[", at):
        yield from _objects(text.split("\n"))
        return
    at = _start(text, at + 1)
    while not text.startswith("]", at):
        try:
            row, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"{path}: element {number} of the array is not valid JSON: {error}") from error
        if (after := text[(end := _start(text, at)) : end + 1]) not in {",", "]"}:
            raise SourceError(
                f"{path}: element {number} of the array is followed by {after!r}, not by a comma or its end"
            )
        at = _start(text, end + (after == ","))
        is_object = isinstance(row, dict)
        yield row if is_object else Unreadable(f"element {number}", "it is no JSON object", _excerpt(str(row)))
        number += 1


def _start(text: str, at: int) -> int:
    """Return the position of the next JSON token."""
    match = _BLANK.match(text, at)
    return match.end() if match else at


def _separated(path: Path, delimiter: str) -> Rows:
    # A field may hold a whole test suite.
    csv.field_size_limit(sys.maxsize)
    with _opened(path, newline="") as file:
        lines = csv.reader(file, delimiter=delimiter, strict=True)
        header = _next(lines)
        if header is None:
            return
        if isinstance(header, csv.Error):
            raise SourceError(f"{path}: its first line, with the column names, cannot be read: {header}")
        if repeated := sorted({name for name in header if header.count(name) > 1}):
            raise SourceError(f"{path}: these column names occur twice: {repeated}")
        before = lines.line_num
        while (values := _next(lines)) is not None:
            position = f"line {before + 1}" if lines.line_num == before + 1 else f"lines {before + 1}-{lines.line_num}"
            before = lines.line_num
            if isinstance(values, csv.Error):
                yield Unreadable(position, f"its quotes or separators are wrong: {values}")
            elif not values:
                continue
            elif len(values) != len(header):
                reason = f"it has {len(values)} fields, the header has {len(header)}"
                yield Unreadable(position, reason, _excerpt(delimiter.join(values)))
            elif not all(map(_is_text, values)):
                yield Unreadable(position, "it is not UTF-8", _excerpt(delimiter.join(values)))
            else:
                yield {name: value or None for name, value in zip(header, values, strict=True)}


def _next(lines: Iterator[list[str]]) -> list[str] | csv.Error | None:
    try:
        return next(lines, None)
    except csv.Error as error:
        return error


@contextlib.contextmanager
def _opened(path: Path, newline: str) -> Iterator[TextIO]:
    """Open the file as text. Undecodable bytes become lone surrogates, so that their row can be reported."""
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        start = file.read(3)
        file.seek(0)
        encoding = next((name for mark, name in MARKS.items() if start.startswith(mark)), "utf-8")
        errors = "strict" if encoding == "utf-16" else "surrogateescape"
        yield io.TextIOWrapper(file, encoding=encoding, errors=errors, newline=newline)


def _is_text(text: str) -> bool:
    return text.isascii() or not _NO_TEXT.search(text)


def _excerpt(text: str) -> str:
    return well_formed(text[:EXCERPT]).strip()
