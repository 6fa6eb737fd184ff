"""Group commit: many threads queue rows, and one thread makes all queued rows durable with a single flush."""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType

from skyassets.core.errors import StoreError
from skyassets.core.rows.journal import Segment, line

Row = dict[str, object]

SEGMENT_BYTES = 64 * 2**20
"""A segment longer than this is closed and a new one begun; limits what a compaction step reads at once."""
QUEUE_BYTES = 256 * 2**20
"""`put` waits for the disk while more than this is queued."""


class RowWriter:
    """Writes rows into journal segments of `folder`, as a context manager: on exit, all rows are durable.

    `on_durable` is called for every row once it is durable, in the writing thread, in the order of `put`.
    """

    def __init__(
        self,
        folder: Path,
        key: str,
        on_durable: Callable[[Sequence[Row]], None],
        segment_bytes: int = SEGMENT_BYTES,
    ) -> None:
        self.folder, self.key, self.on_durable, self.segment_bytes = folder, key, on_durable, segment_bytes
        self._queue: list[tuple[Row, bytes]] = []
        self._queued = 0
        self._changed = threading.Condition()
        self._closing = False
        self._ended = False
        self._error: Exception | None = None
        """What ended the writing thread."""
        self._segment: Segment | None = None
        self._thread = threading.Thread(target=self._run, name="row writer", daemon=True)

    def __enter__(self) -> "RowWriter":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        if self._segment is not None:
            self._segment.close()
        if not isinstance(error, StoreError):
            self.check()
            if self._queue:
                raise self._stopped()

    def put(self, row: Row) -> None:
        """Queue `row`; it is stored once `on_durable` has been called.

        Raises:
            StoreError: when an earlier row could not be written.
        """
        written = line(str(row[self.key]), row)
        with self._changed:
            self._changed.wait_for(lambda: self._queued < QUEUE_BYTES or self._ended)
            self.check()
            if self._ended:
                raise self._stopped()
            self._queue.append((row, written))
            self._queued += len(written)
            self._changed.notify_all()

    def check(self) -> None:
        """Raise StoreError if an earlier row could not be written, or `on_durable` failed."""
        if isinstance(self._error, StoreError):
            raise StoreError(str(self._error)) from self._error
        if self._error is not None:
            raise self._stopped() from self._error

    def _stopped(self) -> StoreError:
        why = "" if self._error is None else f" ({type(self._error).__name__}: {self._error})"
        return StoreError(f"the writer of the row store in {self.folder} has stopped{why}; run again")

    def _run(self) -> None:
        try:
            while queued := self._next():
                self._commit(b"".join(written for _, written in queued))
                self.on_durable([row for row, _ in queued])
        except Exception as error:  # noqa: BLE001  raised again in the thread that puts
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _next(self) -> list[tuple[Row, bytes]]:
        """Wait for rows and return all that are queued; none once the writer closes."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closing)
            queued, self._queue, self._queued = self._queue, [], 0
            self._changed.notify_all()
        return queued

    def _commit(self, lines: bytes) -> None:
        try:
            if self._segment is not None and self._segment.size >= self.segment_bytes:
                self._segment.close()
                self._segment = None
            if self._segment is None:
                self._segment = Segment(self.folder)
            self._segment.append(lines)
        except OSError as error:
            raise StoreError(
                f"the row store in {self.folder} cannot be written: {error.strerror}; every reply reported so far is "
                "stored: free space or repair the disk, then run again"
            ) from error
