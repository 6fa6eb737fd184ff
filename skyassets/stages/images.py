"""Rows that cannot be asked in words alone: an image belongs to them."""

import re
from collections.abc import Iterable, Mapping

_MARKER = re.compile(r"<image[ _]?\d+>|data:image/\w+", re.IGNORECASE)
"""A numbered place for an image, or the image itself. A bare `<image>` is none: in Codeforces' statements it is what
is left of a formula, and the statement can be answered without it."""


def missing_image(row: Mapping[str, object], columns: Iterable[str], texts: Iterable[object]) -> str | None:
    """What of `row` is an image: the first of `columns` that holds one, or a marker in `texts`; None for nothing."""
    for column in columns:
        if _is_filled(row.get(column)):
            return f"needs an image: column {column}"
    for text in texts:
        for part in text if isinstance(text, list | tuple) else [text]:
            if isinstance(part, str) and (found := _MARKER.search(part)):
                return f"needs an image: its text has {found[0]}"
    return None


def _is_filled(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_filled, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_filled, value))
    return bool(value.strip()) if isinstance(value, str) else bool(value)
