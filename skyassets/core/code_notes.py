"""What was read in a source file, noted beside its bytecode: to read it again costs more than to load Dagster.

A note counts only for the very bytes it was made from, by the very code that made it, under the same Python. Like
bytecode it may be deleted at any time, and is not written where bytecode is not.
"""

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reading:
    """What a source file says: its meaning, re-spelled, and the followed modules it imports."""

    meaning: str
    imports: tuple[str, ...]


def noted(path: Path, read: Callable[[str], Reading]) -> Reading:
    """What `read` makes of the source at `path`, from the note if there is one of these very bytes."""
    source = path.read_bytes()
    key = f"{hashlib.sha256(source).hexdigest()} {_reader()}"
    note = Path(importlib.util.cache_from_source(str(path))).with_suffix(".meaning")
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads(note.read_text(encoding="utf-8"))
        if told["key"] == key:
            return Reading(told["meaning"], tuple(told["imports"]))
    reading = read(source.decode("utf-8"))
    if not sys.dont_write_bytecode:
        _write(note, json.dumps({"key": key, **asdict(reading)}))
    return reading


@functools.cache
def _reader() -> str:
    """This Python, and the code that reads: a note of another's tells nothing."""
    code = b"".join(Path(__file__).with_name(name).read_bytes() for name in ("code_version.py", "identity.py"))
    return f"{sys.version} {hashlib.sha256(code).hexdigest()}"


def _write(note: Path, text: str) -> None:
    # A convenience: where nothing may be written the file is read again next time. Not synced: a torn note is none.
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        part = note.with_name(f"{note.name}.{os.getpid()}")
        try:
            part.write_text(text, encoding="utf-8")
            part.replace(note)
        finally:
            part.unlink(missing_ok=True)
