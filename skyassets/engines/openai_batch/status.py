"""The state of a batch during a run: its rows, when to poll it next, and its progress line. No network access."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from skyassets.engines.openai_batch.records import BatchRecord
from skyassets.engines.openai_batch.spool import SpooledRequest

if TYPE_CHECKING:
    from openai.types import Batch

RUNNING = {"validating", "in_progress", "finalizing", "cancelling"}
QUEUE_IS_FULL = "token_limit_exceeded"
GRACE = 6 * 3600.0
"""Seconds after a batch's deadline until it counts as lost."""
UNSEEN_SECONDS = 3600.0
"""Seconds after a batch's end in which its files may still appear."""


@dataclass
class BatchState:
    """A batch that was created and has not been collected yet."""

    record: BatchRecord
    rows: dict[str, SpooledRequest]
    """The rows of the batch that this run needs."""
    is_first: bool = True
    """Whether none of our batches was in the server's queue when it was created."""
    polled: float = 0.0
    """When it was last polled (seconds since 1970)."""
    logged: float = 0.0
    status: str = ""

    def due(self, shortest_interval: float, longest_interval: float) -> float:
        """Return when to poll it next; the interval grows with its age."""
        last = max(self.polled, self.record.at)
        return last + min(max((last - self.record.at) / 10, shortest_interval), longest_interval)

    def progress(self, batch: "Batch", now: float, seconds: float) -> str:
        """Return a progress line; empty if nothing changed and the last line is younger than `seconds`."""
        if now - self.logged < seconds and batch.status == self.status:
            return ""
        self.logged, self.status = now, batch.status
        counts = batch.request_counts
        done = f"{counts.completed}/{counts.total} rows done, {counts.failed} failed, " if counts else ""
        ends = f", expires in {(batch.expires_at - now) / 3600:.1f} h" if batch.expires_at else ""
        return f"batch {batch.id} is {batch.status}, {done}{(now - batch.created_at) / 3600:.1f} h old{ends}"


def is_running(batch: "Batch") -> bool:
    """Whether it may still produce results: it runs, or has completed rows whose file is not written yet."""
    counts = batch.request_counts
    is_unwritten = counts is not None and counts.completed > 0 and not batch.output_file_id
    return batch.status in RUNNING or (is_unwritten and batch.status != "failed")


def ended(batch: "Batch") -> float | None:
    """Return when it ended (seconds since 1970), if reported."""
    return batch.completed_at or batch.expired_at or batch.cancelled_at


def has_lost_its_files(batch: "Batch", now: float) -> bool:
    """Whether its missing files will no longer appear."""
    return now - (ended(batch) or now) > UNSEEN_SECONDS


def overdue(batch: "Batch", now: float) -> str:
    """Return what to do about a batch that is long past its deadline; empty for any other."""
    if not batch.expires_at or now <= batch.expires_at + GRACE:
        return ""
    return (
        f"batch {batch.id} is {batch.status}, hours after its deadline; ask the provider about it, or cancel it there, "
        "and run again: its completed rows will be collected"
    )


def rejection(batch: "Batch") -> tuple[str, bool]:
    """Return why a batch was rejected, and whether only the server's queue was full."""
    errors = (batch.errors.data if batch.errors else None) or []
    messages = [f"{each.message}{f' (line {each.line})' if each.line else ''}" for each in errors[:5]]
    return "; ".join(messages) or "no reason given", any(each.code == QUEUE_IS_FULL for each in errors)
