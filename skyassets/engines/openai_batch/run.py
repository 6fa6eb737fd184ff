"""Runs requests through batches: resumes recorded ones, sends the rest, and collects all results."""

import contextlib
import itertools
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from skyassets.core.errors import BudgetError, ServerError
from skyassets.core.files import locked
from skyassets.core.identity import digest
from skyassets.core.money import in_dollars
from skyassets.core.ports import Reply, Request
from skyassets.core.text import now
from skyassets.engines.openai_batch.client import KEPT_SECONDS, AbsentError, BatchAccount
from skyassets.engines.openai_batch.jsonl import Answer, answers_of, failed, reply_from
from skyassets.engines.openai_batch.records import Note, Notes, server_name
from skyassets.engines.openai_batch.settings import BatchSettings
from skyassets.engines.openai_batch.spool import Row, copied, scratch, spooled
from skyassets.engines.openai_batch.status import Course, ended, has_lost_its_files, is_running, overdue, refusal

if TYPE_CHECKING:
    from openai.types import Batch


class BatchAsk:
    """One run of requests through batches."""

    def __init__(
        self,
        settings: BatchSettings,
        account: BatchAccount,
        requests: Iterable[Request],
        spool: IO[bytes],
        keep: Callable[[Reply], None],
    ) -> None:
        self.settings, self.account, self.spool, self.keep = settings, account, spool, keep
        self.rest = spooled(requests, spool, settings.endpoint, settings.price)
        """Rows that are not in a batch yet."""
        self.unpaid: dict[str, Row] = {}
        """Rows that exceed the budget."""
        self.courses: list[Course] = []
        self.reserved: dict[str, float] = {}
        """Dollars reserved for each row."""
        self.refusals: list[str] = []
        self.notes = Notes(settings.folder)
        self.server = server_name(settings.endpoint.base_url)
        self.model = settings.endpoint.model_name
        self.served_by = f"{settings.endpoint.served_by} (batch)"
        self.most_rows = settings.most_rows
        self.is_full = False
        """Whether the server's queue is full until one of our batches ends."""
        self.listed: dict[str, Batch] | None = None

    def run(self) -> None:
        """Get a reply or an error for every row; raises the errors of `OpenAIBatch.ask`."""
        try:
            with self._alone():
                self._take_up()
            while self.rest or self.courses:
                if self.rest and not self.is_full:
                    with self._alone():
                        self._send()
                self._look_around()
                if self.refusals:
                    raise ServerError(self.refusals[0])
            if self.unpaid:
                self._stop_for_money()
        finally:
            self.settings.in_flight = 0
            under_way = {row for course in self.courses for row in course.rows}
            for row in self.reserved.keys() - under_way:  # a batch in progress may still cost, so its reservation stays
                self._free(row, 0.0)

    def _alone(self) -> AbstractContextManager[None]:
        """Lock the notes against other runs while batches are resumed or created."""
        return locked(self.settings.folder / ".lock", self.settings.said)

    def _take_up(self) -> None:
        """Resume batches of earlier runs that hold rows of this one."""
        for note in list(self.notes.of(self.server, self.model)):
            if note.is_collected and note.at < time.time() - KEPT_SECONDS:
                self.notes.drop(note)
                continue
            rows = {row: self.rest[row] for row in note.ids if row in self.rest}
            if rows and (found := self._found(note)):
                if not note.is_collected:
                    self._set_aside(rows)
                self._follow(found, rows)
                self.settings.said(f"{self.server}: {len(rows)} rows are in batch {found.batch} already")

    def _found(self, note: Note) -> Note | None:
        """Return the note with its batch's id; if the batch was never created, delete the note and return None."""
        if note.batch:
            return note
        time.sleep(min(max(note.at + self.settings.settling - time.time(), 0.0), self.settings.settling))
        batch = self._in_list(note.digest)
        if batch is None:
            self.notes.drop(note)
            return None
        found = replace(note, batch=batch.id)
        self.notes.write(found)
        return found

    def _in_list(self, key: str) -> "Batch | None":
        if self.listed is None:
            self.listed = self.account.listed()
        return self.listed.get(key)

    def _set_aside(self, rows: dict[str, Row]) -> dict[str, Row]:
        """Reserve budget for rows, one by one; return those that exceed it."""
        names = sorted(rows.keys() - self.reserved.keys())
        for number, row in enumerate(names):
            if not self.settings.run_budget.reserve(rows[row].worst):
                return {each: rows[each] for each in names[number:]}
            self.reserved[row] = rows[row].worst
        return {}

    def _free(self, row: str, spent: float) -> None:
        self.settings.run_budget.settle(self.reserved.pop(row, 0.0), spent)

    def _send(self) -> None:
        """Create batches for the remaining rows within the budget, each within the limits of a file."""
        short = self._set_aside(self.rest)
        self.unpaid |= short
        for row in short:
            del self.rest[row]
        while self.rest:
            if rows := self._next():
                with scratch(self.settings.folder) as file:
                    copied(rows.values(), self.spool, file)
                    self._create(rows, file)

    def _next(self) -> dict[str, Row]:
        """Return the rows of the next batch."""
        rows: dict[str, Row] = {}
        size = 0
        for name, row in sorted(self.rest.items()):
            if row.size > self.settings.most_bytes:
                del self.rest[name]
                self._explain(row.request, "the request alone is larger than the file of a batch may be")
                continue
            size += row.size
            if len(rows) == self.most_rows or size > self.settings.most_bytes:
                break
            rows[name] = row
        return rows

    def _create(self, rows: dict[str, Row], file: IO[bytes]) -> None:
        """Use the batch of `rows` that is already listed, or create one; record it before and after."""
        tried = 0
        while self.notes.holds(key := digest("batch", self.server, self.model, sorted(rows), tried)):
            tried += 1  # the same rows again, because that batch gave them no result
        note = Note(key, self.server, self.model, tuple(rows), at=time.time())
        batch = self._in_list(key)
        if batch is None:
            self.notes.write(note)
            batch = self.account.create(self.account.upload(file, f"skyassets-{key}.jsonl"), key)
        self.notes.write(noted := replace(note, batch=batch.id))
        self._follow(noted, rows)
        self.settings.said(f"{self.server}: batch {batch.id} holds {len(rows)} rows for {self.model}")

    def _follow(self, note: Note, rows: dict[str, Row]) -> None:
        for row in rows:
            del self.rest[row]
        self.courses.append(Course(note, rows, is_first=not self.courses))
        self.settings.in_flight += len(rows)

    def _look_around(self) -> None:
        """Check every batch that is due once, then wait until the next one is."""
        now = time.time()
        for course in [each for each in self.courses if self._due(each) <= now]:
            self._judge(course)
        if self.courses and not self.refusals and (not self.rest or self.is_full):
            time.sleep(max(min(map(self._due, self.courses)) - time.time(), 0.0))

    def _due(self, course: Course) -> float:
        return course.due(self.settings.soonest, self.settings.seldomest)

    def _judge(self, course: Course) -> None:
        """Wait, collect, resend or give up, depending on the state of the batch."""
        try:
            batch = self.account.look(course.note.batch)
        except AbsentError as error:
            self._lost(course, error)
            return
        course.looked = now = time.time()
        if batch.status == "failed":
            self._failed(course, batch)
            return
        if not is_running(batch):
            try:
                self._collect(course, batch)
            except AbsentError:
                if course.note.is_collected or has_lost_its_files(batch, now):
                    self._forget(course)
                    return
            else:
                return
        if line := course.news(batch, now, self.settings.news):
            self.settings.said(f"{self.server}: {line}")
        if late := overdue(batch, now):
            raise ServerError(f"{self.server}: {late}")

    def _failed(self, course: Course, batch: "Batch") -> None:
        """Resend the rows if the queue was full, else give up: no row was processed or charged."""
        self._end(course)
        self.notes.drop(course.note)
        told, is_queue = refusal(batch)
        if not is_queue or (course.is_first and len(course.rows) == 1):
            self.refusals.append(
                f"{self.server}: batch {batch.id} with {len(course.rows)} rows for {self.model} is refused: {told}; "
                "see to it and run again: batches under way go on and will be found"
            )
            return
        self.listed = None
        self.rest |= course.rows
        if course.is_first:
            self.most_rows = max(len(course.rows) // 2, 1)
        else:
            self.is_full = bool(self.courses)
        how = f"as batches of {self.most_rows} rows" if course.is_first else "when those before have ended"
        self.settings.said(f"{self.server}: batch {batch.id} has to wait: {told}; its rows are sent again {how}")

    def _collect(self, course: Course, batch: "Batch") -> None:
        """Return the results of the batch, and record which rows need no new request.

        Raises:
            AbsentError: if one of its files is missing; no result was returned.
        """
        seconds = float(max((ended(batch) or time.time()) - batch.created_at, 0))
        answered: dict[str, None] = {}
        missing = dict(course.rows)
        with contextlib.ExitStack() as stack:
            ids = [file_id for file_id in (batch.output_file_id, batch.error_file_id) if file_id]
            files = [stack.enter_context(self.account.file(file_id)) for file_id in ids]
            unreadable = sum(bad for _, bad in files)
            for answer in itertools.chain.from_iterable(answers_of(file) for file, _ in files):
                row = missing.pop(answer.id, None)
                is_there = answer.body is not None if row is None else self._settle(course, row, answer, seconds)
                if is_there:
                    answered[answer.id] = None
        reason = f"batch {batch.id} is {batch.status} and has no line for the row"
        for row in missing.values():
            self._explain(row.request, f"{reason}, but {unreadable} unreadable ones" if unreadable else reason)
        self._end(course)
        if not course.note.is_collected:
            self.notes.write(replace(course.note, ids=tuple(answered), is_collected=True))
        counts = f"{len(course.rows)} rows collected, {len(missing)} of them without a line"
        self.settings.said(f"{self.server}: batch {batch.id} is {batch.status}, {counts}")

    def _settle(self, course: Course, row: Row, answer: Answer, seconds: float) -> bool:
        """Pass a row's reply on; return whether it has one."""
        reply = reply_from(row.request, answer, seconds, self.served_by)
        # Without token counts the worst case is assumed, as for a live call.
        told = self.settings.price.dollars(reply.prompt_tokens, reply.completion_tokens, batched=True)
        spent = row.worst if reply.dollars is None else told
        # A batch that was collected before was already charged, by the run that collected it.
        self._free(answer.id, 0.0 if course.note.is_collected else spent)
        self.keep(replace(reply, at=now(), dollars=spent))
        return reply.error is None

    def _explain(self, request: Request, reason: str) -> None:
        self._free(request.id, 0.0)
        self.keep(replace(failed(request, reason, 0.0, self.served_by), at=now()))

    def _end(self, course: Course) -> None:
        self.courses.remove(course)
        self.settings.in_flight -= len(course.rows)
        self.is_full = False

    def _lost(self, course: Course, error: AbsentError) -> None:
        """Resend rows that were collected before but are gone here; else raise, as they were paid for."""
        if not course.note.is_collected:
            raise ServerError(
                f"{error}; batch {course.note.batch} holds {len(course.rows)} rows: use the key it was made with, or "
                f"remove {self.notes.path(course.note.digest)} to have its rows asked (and paid) again"
            ) from error
        self._forget(course)

    def _forget(self, course: Course) -> None:
        """Request again the rows of a batch whose files are gone."""
        self._end(course)
        self.notes.write(replace(course.note, ids=(), is_collected=True))
        self.rest |= course.rows
        self.settings.said(f"{self.server}: the files of batch {course.note.batch} are gone; its rows are asked again")

    def _stop_for_money(self) -> None:
        run_budget = self.settings.run_budget
        worst = sum(row.worst for row in self.unpaid.values())
        raise BudgetError(
            f"the budget is {in_dollars(run_budget.budget or 0.0)}, {in_dollars(run_budget.spent)} of it are spent, "
            f"and the {len(self.unpaid)} rows that were not sent could cost {in_dollars(worst)}; everything so far is "
            "kept: raise SKYASSETS_BUDGET (or the recipe's), and run again"
        )
