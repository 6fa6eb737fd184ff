"""Untrusted text, and a logger that discards."""

from datetime import UTC, datetime


def well_formed(text: str) -> str:
    """`text` without lone surrogates, which are possible in JSON but not in UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def silent(line: str) -> None:
    """Discard the line."""


def now() -> str:
    """The current time: UTC, ISO 8601, in milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
