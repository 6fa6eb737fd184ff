"""A cache of parsed source files, stored next to their bytecode: parsing them takes longer than loading Dagster.

An entry is valid only for the exact bytes and module it was made from, by the exact code that made it. Like bytecode,
it may be deleted at any time, and is not written where bytecode is not.
"""

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from skyassets.core.code.reading import Reading


def cached(path: Path, module: str, read: Callable[[str], Reading]) -> Reading:
    """The result of `read` for the source at `path`, from the cache if it has an entry for these bytes."""
    source = path.read_bytes()
    key = f"{module} {hashlib.sha256(source).hexdigest()} {_reader()}"
    entry = Path(importlib.util.cache_from_source(str(path))).with_suffix(".reading")
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        stored = json.loads(entry.read_text(encoding="utf-8"))
        if stored["key"] == key:
            return Reading(stored["text"], tuple(stored["imports"]))
    reading = read(source.decode("utf-8"))
    if not sys.dont_write_bytecode:
        _write(entry, json.dumps({"key": key, **asdict(reading)}))
    return reading


@functools.cache
def _reader() -> str:
    """The digest of the parsing code: entries made by other code are invalid."""
    return hashlib.sha256(Path(__file__).with_name("reading.py").read_bytes()).hexdigest()


def _write(entry: Path, text: str) -> None:
    # Where the entry cannot be written, the file is parsed again next time. Not synced: a torn entry is invalid.
    with contextlib.suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        part = entry.with_name(f"{entry.name}.{os.getpid()}")
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(entry)
        finally:
            part.unlink(missing_ok=True)
