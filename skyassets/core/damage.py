"""Damaged files of the row store: set aside under another name with the reason beside them, and never deleted."""

from collections.abc import Callable
from pathlib import Path

from skyassets.core.files import sync_folder, write_text


def set_aside(path: Path, reason: str, said: Callable[[str], None]) -> None:
    """Rename `path` to `NAME.damaged`, write the reason to `NAME.damaged.txt`, and say it."""
    aside = path.with_name(f"{path.name}.damaged")
    line = f"the row store's {path} is damaged: {reason}; it was set aside as {aside.name}"
    write_text(path.with_name(f"{aside.name}.txt"), f"{line}\n")
    path.rename(aside)
    sync_folder(path.parent)
    said(line)
