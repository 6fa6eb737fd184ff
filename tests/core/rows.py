"""Rows for tests of the row store."""

from pathlib import Path

from skyassets.core.rows.journal import read_segment, segments
from skyassets.core.rows.store import RowStore


def row(key: str, text: str = "text") -> dict[str, object]:
    return {
        "completion_id": key, "request": "{}", "model": "m@1", "text": text, "finish_reason": "stop",
        "prompt_tokens": 1, "completion_tokens": 2, "seconds": 0.1, "served_by": "test",
    }  # fmt: skip


def journalled(folder: Path) -> list[str]:
    """The keys in the journal, in order."""
    return [str(row["completion_id"]) for path in segments(folder) for row in read_segment(path).rows]


def put(store: RowStore, row: dict[str, object]) -> None:
    with store.writer() as writer:
        writer.put(row)
