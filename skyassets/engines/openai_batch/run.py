"""Runs requests through batches: resumes recorded ones, sends the rest, and collects all results."""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from skyassets.core.errors import ServerError
from skyassets.core.files import locked
from skyassets.core.identity import digest
from skyassets.core.ports import Message, Reply, Request
from skyassets.engines.chat_format.dialect import Dialect
from skyassets.engines.openai_api.failures import budget_error
from skyassets.engines.openai_api.refusals import SAME
from skyassets.engines.openai_batch.client import RETENTION_SECONDS, BatchAccount, NotFoundError
from skyassets.engines.openai_batch.jsonl import answers_of, common_error
from skyassets.engines.openai_batch.records import BatchRecord, BatchRecords, dialect_text, server_name
from skyassets.engines.openai_batch.settings import BatchSettings
from skyassets.engines.openai_batch.settlement import Settlement
from skyassets.engines.openai_batch.spool import (
    SpooledRequest,
    body_of,
    copy_lines,
    first_file,
    scratch,
    spool_requests,
)
from skyassets.engines.openai_batch.status import BatchState, ended, has_lost_its_files, is_running, overdue, rejection

if TYPE_CHECKING:
    from openai.types import Batch


class BatchRun:
    """One run of requests through batches."""

    def __init__(
        self,
        settings: BatchSettings,
        account: BatchAccount,
        requests: Iterable[Request],
        spool: IO[bytes],
        keep: Callable[[Reply], None],
    ) -> None:
        self.settings, self.account, self.spool = settings, account, spool
        self.settlement = Settlement(settings, keep)
        self.first_dialect = self.dialect = Dialect.of(settings.endpoint.base_url)
        """The dialect of the host, and the one in which the requests on the spool are written now."""
        self.unsent = spool_requests(requests, spool, settings.endpoint, settings.price, self.dialect)
        """Rows that are not in a batch yet."""
        self.over_budget: dict[str, SpooledRequest] = {}
        self.batches: list[BatchState] = []
        self.rejections: list[str] = []
        self.has_succeeded = False
        """Whether any row that was written in the current dialect has got a completion."""
        self.records = BatchRecords(settings.folder)
        self.server = server_name(settings.endpoint.base_url)
        self.model = settings.endpoint.model_name
        self.most_rows = settings.most_rows
        self.is_full = False
        """Whether the server's queue is full until one of our batches ends."""
        self.listed: dict[str, Batch] | None = None

    def run(self) -> None:
        """Get a reply or an error for every row; raises the errors of `OpenAIBatch.ask`."""
        try:
            with self._locked():
                self._resume()
            while self.unsent or self.batches:
                if self.unsent and not self.is_full:
                    with self._locked():
                        self._send()
                self._poll()
                if self.rejections:
                    raise ServerError(self.rejections[0])
            if self.over_budget:
                worst = sum(row.worst for row in self.over_budget.values())
                calls = f"the {len(self.over_budget)} rows that were not sent"
                raise budget_error(self.settings.run_budget, calls, worst)
        finally:
            self.settings.in_flight = 0
            self.settlement.release(except_for={row for state in self.batches for row in state.rows})

    def _locked(self) -> AbstractContextManager[None]:
        """Lock the records against other runs while batches are resumed or created."""
        return locked(self.settings.folder / ".lock", self.settings.log)

    def _log(self, line: str) -> None:
        self.settings.log(f"{self.server}: {line}")

    def _resume(self) -> None:
        """Resume batches of earlier runs that hold rows of this one."""
        for record in list(self.records.of(self.server, self.model)):
            if record.is_collected and record.at < time.time() - RETENTION_SECONDS:
                self.records.delete(record)
                continue
            rows = {row: self.unsent[row] for row in record.ids if row in self.unsent}
            if rows and (identified := self._identified(record)):
                if not record.is_collected:
                    self.settlement.reserve(rows)
                self._follow(identified, rows)
                self._log(f"batch {identified.batch} of an earlier run holds {len(rows)} rows")

    def _identified(self, record: BatchRecord) -> BatchRecord | None:
        """Return the record with its batch's id; if the batch was never created, delete the record and return None."""
        if record.batch:
            return record
        time.sleep(min(max(record.at + self.settings.listing_delay - time.time(), 0.0), self.settings.listing_delay))
        batch = self._in_list(record.digest)
        if batch is None:
            self.records.delete(record)
            return None
        identified = replace(record, batch=batch.id)
        self.records.write(identified)
        return identified

    def _in_list(self, key: str) -> "Batch | None":
        if self.listed is None:
            self.listed = self.account.listed()
        return self.listed.get(key)

    def _send(self) -> None:
        """Create batches for the remaining rows within the budget, each within the limits of a file."""
        for name in self.settlement.reserve(self.unsent):
            self.over_budget[name] = self.unsent.pop(name)
        for name, row in list(self.unsent.items()):
            if row.size > self.settings.most_bytes:
                del self.unsent[name]
                self.settlement.fail(row.request, "the request alone is larger than the file of a batch may be")
        while self.unsent:
            rows = first_file(self.unsent, self.most_rows, self.settings.most_bytes)
            with scratch(self.settings.folder) as file:
                copy_lines(rows.values(), self.spool, file)
                self._create(rows, file)

    def _create(self, rows: dict[str, SpooledRequest], file: IO[bytes]) -> None:
        """Use the batch of `rows` that is already listed, or create one; record it before and after."""
        tried = 0
        adapted = [] if self.dialect == self.first_dialect else [dialect_text(self.dialect)]
        while self.records.holds(key := digest("batch", self.server, self.model, sorted(rows), tried, *adapted)):
            tried += 1  # the same rows again, because that batch gave them no result
        record = BatchRecord(key, self.server, self.model, tuple(rows), at=time.time(), dialect=self.dialect)
        batch = self._in_list(key)
        if batch is None:
            self.records.write(record)
            batch = self.account.create(self.account.upload(file, f"skyassets-{key}.jsonl"), key)
        self.records.write(identified := replace(record, batch=batch.id))
        self._follow(identified, rows)
        self._log(f"batch {batch.id} holds {len(rows)} rows for {self.model}")

    def _follow(self, record: BatchRecord, rows: dict[str, SpooledRequest]) -> None:
        for row in rows:
            del self.unsent[row]
        self.batches.append(BatchState(record, rows, is_first=not self.batches))
        self.settings.in_flight += len(rows)

    def _poll(self) -> None:
        """Check every batch that is due once, then wait until the next one is."""
        now = time.time()
        for state in [each for each in self.batches if self._due(each) <= now]:
            self._check(state)
        if self.batches and not self.rejections and (not self.unsent or self.is_full):
            time.sleep(max(min(map(self._due, self.batches)) - time.time(), 0.0))

    def _due(self, state: BatchState) -> float:
        return state.due(self.settings.shortest_interval, self.settings.longest_interval)

    def _check(self, state: BatchState) -> None:
        """Wait, collect, resend or give up, depending on the state of the batch."""
        try:
            batch = self.account.retrieve(state.record.batch)
        except NotFoundError as error:
            if not state.record.is_collected:  # its rows were paid for
                raise ServerError(
                    f"{error}; batch {state.record.batch} holds {len(state.rows)} rows: use the key it was created "
                    f"with, or remove {self.records.path(state.record.digest)} to request (and pay for) its rows again"
                ) from error
            self._resend(state)
            return
        state.polled = now = time.time()
        if batch.status == "failed":
            self._fail(state, batch)
            return
        if not is_running(batch):
            try:
                self._collect(state, batch)
            except NotFoundError:
                if state.record.is_collected or has_lost_its_files(batch, now):
                    self._resend(state)
                    return
            else:
                return
        if line := state.progress(batch, now, self.settings.progress_interval):
            self._log(line)
        if reason := overdue(batch, now):
            raise ServerError(f"{self.server}: {reason}")

    def _fail(self, state: BatchState, batch: "Batch") -> None:
        """Resend the rows if the queue was full, else give up: no row was processed or charged."""
        self._end(state)
        self.records.delete(state.record)
        reason, is_queue_full = rejection(batch)
        if not is_queue_full or (state.is_first and len(state.rows) == 1):
            self.rejections.append(
                f"{self.server}: batch {batch.id} with {len(state.rows)} rows for {self.model} is rejected: {reason}; "
                "fix this and run again: batches in progress continue, and the next run finds them"
            )
            return
        self.listed = None
        self.unsent |= state.rows
        if state.is_first:
            self.most_rows = max(len(state.rows) // 2, 1)
        else:
            self.is_full = bool(self.batches)
        how = f"in batches of {self.most_rows} rows" if state.is_first else "after the batches before it"
        self._log(f"batch {batch.id} does not fit into the queue: {reason}; its rows are sent again {how}")

    def _collect(self, state: BatchState, batch: "Batch") -> None:
        """Return the results of the batch, and record which rows need no new request.

        Raises:
            NotFoundError: if one of its files is missing; no result was returned.
        """
        seconds = float(max((ended(batch) or time.time()) - batch.created_at, 0))
        answered: dict[str, None] = {}
        missing, is_paid, used = dict(state.rows), state.record.is_collected, self._dialect_of(state)
        with contextlib.ExitStack() as stack:
            ids = [file_id for file_id in (batch.output_file_id, batch.error_file_id) if file_id]
            files = [stack.enter_context(self.account.file(file_id)) for file_id in ids]
            unreadable = sum(bad for _, bad in files)
            is_proven = self.has_succeeded and used == self.dialect  # a refusal says nothing about the dialect
            refusal = "" if is_proven else common_error([file for file, _ in files], state.rows.keys())
            if refusal and self._adapt(refusal, state):
                return
            for answer in itertools.chain.from_iterable(answers_of(file) for file, _ in files):
                row = missing.pop(answer.id, None)
                if self.settlement.reply(row, answer, seconds, is_paid, used) if row else answer.body is not None:
                    answered[answer.id] = None
        reason = f"batch {batch.id} is {batch.status} and has no line for the row"
        for row in missing.values():
            self.settlement.fail(row.request, f"{reason}, but {unreadable} unreadable ones" if unreadable else reason)
        self._end(state)
        if not is_paid:
            self.records.write(replace(state.record, ids=tuple(answered), is_collected=True))
        counts = f"{len(state.rows)} rows collected, {len(missing)} of them without a line"
        self._log(f"batch {batch.id} is {batch.status}, {counts}")
        self.has_succeeded |= bool(answered) and used == self.dialect
        if refusal.startswith("4") and not self.has_succeeded and len(state.rows) >= SAME:
            self.rejections.append(
                f"{self.server}: all {len(state.rows)} rows of batch {batch.id} were refused with {refusal!r}: change "
                "what this names in the recipe or the settings, then run again"
            )

    def _dialect_of(self, state: BatchState) -> Dialect:
        """The dialect in which a batch was created, perhaps by an earlier run."""
        return state.record.dialect or self.first_dialect

    def _adapt(self, refusal: str, state: BatchState) -> bool:
        """Whether the rows of a refused batch are sent again in another dialect."""
        used, now = self._dialect_of(state), self.dialect
        adapted = used.after(refusal, used.body(self._whole(next(iter(state.rows.values()))), self.model))
        if adapted is None:
            return False
        if now == self.first_dialect or now == used:  # else another refused batch has changed it in the meantime
            self._log(f"{refusal}; all requests are now sent {adapted.difference(used)}")
            self.dialect, self.has_succeeded = adapted, False
        self._end(state)
        self.records.write(replace(state.record, ids=(), is_collected=True))
        self.unsent = self._spooled_again(self.unsent | state.rows)
        self.over_budget = self._spooled_again(self.over_budget)
        return True

    def _spooled_again(self, rows: Mapping[str, SpooledRequest]) -> dict[str, SpooledRequest]:
        """The rows with lines in the current dialect."""
        endpoint, price = self.settings.endpoint, self.settings.price
        whole = [self._whole(row) for row in rows.values()]
        return spool_requests(whole, self.spool, endpoint, price, self.dialect)

    def _whole(self, row: SpooledRequest) -> Request:
        """The row's request with its messages, which are on the spool."""
        turns = body_of(row, self.spool)["messages"]
        return replace(row.request, messages=tuple(Message(turn["role"], turn["content"]) for turn in turns))

    def _end(self, state: BatchState) -> None:
        self.batches.remove(state)
        self.settings.in_flight -= len(state.rows)
        self.is_full = False

    def _resend(self, state: BatchState) -> None:
        """Request again the rows of a batch whose files are gone."""
        self._end(state)
        self.records.write(replace(state.record, ids=(), is_collected=True))
        self.unsent |= state.rows
        self._log(f"the files of batch {state.record.batch} are gone; its rows are requested again")
