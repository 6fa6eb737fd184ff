"""Failures for good: calls that were paid for, brought no text and would fail again. No later run asks them again.

Failures that may pass (a server error, a timeout, a broken connection) are not stored: the next run asks again. The
cost of a failure is also an entry of the ledger.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from skyassets.core.ports import Reply, Request
from skyassets.core.rows.store import RowStore
from skyassets.core.rows.writer import Row
from skyassets.core.tables.declarations import FAILURES
from skyassets.core.text import silent, well_formed

NOT_AGAIN = "it was paid for, so later runs do not ask it again (`skyassets reask` does)"
"""The end of the reason of every stored failure; tables show it."""


def failure_store(folder: Path, log: Callable[[str], None] = silent) -> RowStore:
    """The failures of all recipes, in `folder`, by the id of the completion that they did not bring."""
    return RowStore(folder, FAILURES, log)


def failures_beside(completions: RowStore) -> RowStore:
    """The calls that failed for good, next to the completions that they did not bring."""
    return failure_store(completions.folder.parent, completions.log)


def reason_alone(reason: str) -> str:
    """The reason of a failure without the remark that later runs do not ask again."""
    return reason.removesuffix(f"; {NOT_AGAIN}")


def failure_row(wanted: Request, reply: Reply) -> Row:
    """A reply without a text as a row of `failures`."""
    return {
        "completion_id": wanted.id,
        "model": str(wanted.model),
        "error": well_formed(f"{reply.error}; {NOT_AGAIN}"),
        "served_by": reply.served_by,
        "sent": reply.sent or None,
        "at": reply.at,
        "dollars": reply.dollars,
    }


def stored_reasons(failures: RowStore, keys: Iterable[str]) -> dict[str, str]:
    """Completion id to the reason, for those of `keys` that have failed for good.

    Raises:
        StoreError: when the store cannot be read.
    """
    return {
        str(key): str(reason)
        for rows in failures.read(keys, ["error"])
        for key, reason in rows.select("completion_id", "error").iter_rows()
    }
