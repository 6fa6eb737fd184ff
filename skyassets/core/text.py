"""Text that comes from outside, and lines that nobody hears."""

from datetime import UTC, datetime


def well_formed(text: str) -> str:
    """`text` without lone surrogates, which JSON can carry and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def silent(line: str) -> None:
    """Nobody listens."""


def now() -> str:
    """UTC, ISO 8601, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
