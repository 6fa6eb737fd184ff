"""A cache of what was read in source files, beside their bytecode: reading them takes longer than loading Dagster.

An entry counts only for the very bytes and the very module it was made from, by the very code that made it. Like
bytecode, it may be deleted at any time, and is not written where bytecode is not.
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

from skyassets.core.code_reading import Reading


def cached(path: Path, module: str, read: Callable[[str], Reading]) -> Reading:
    """What `read` makes of the source at `path`, from the cache if it has an entry of these very bytes."""
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
    """The digest of the code that reads: an entry made by other code does not count."""
    return hashlib.sha256(Path(__file__).with_name("code_reading.py").read_bytes()).hexdigest()


def _write(entry: Path, text: str) -> None:
    # Where nothing may be written, the file is read again next time. Not synced: a torn entry does not count.
    with contextlib.suppress(OSError):
        entry.parent.mkdir(parents=True, exist_ok=True)
        part = entry.with_name(f"{entry.name}.{os.getpid()}")
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(entry)
        finally:
            part.unlink(missing_ok=True)
