"""Gets completions: requests only those that are not stored yet, and stores every reply immediately.

Several runs may use one store at the same time: a run waits for the requests that another run has in flight.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from skyassets.core.finish_reasons import COMMON, resolved
from skyassets.core.identity import canonical_json, digest
from skyassets.core.ports import CompletionClient, Message, Model, ModelProvider, Reply, Request, Sampling
from skyassets.core.rows.claims import Claims
from skyassets.core.rows.failures import NOT_AGAIN, failure_row, failures_beside, stored_reasons
from skyassets.core.rows.ledger import LedgerEntry, LedgerEvent
from skyassets.core.rows.store import RowStore
from skyassets.core.rows.writer import Row
from skyassets.core.text import well_formed
from skyassets.stages.sampling.replies import Replies, RequestSummary, Tally
from skyassets.stages.sampling.usage import COLUMNS, Usage, kind_of

REPLY_COLUMNS = ("finish_reason", "prompt_tokens", "completion_tokens", "seconds", "served_by", "at", "dollars")
COMMON_SHARE = 0.05
"""Share of replies with an unknown finish reason from which the run says so."""
ROWS_A_CLAIM = 32
"""Rows that are claimed together, just before they are requested."""


def _discard(entry: LedgerEntry) -> None:
    """Discards the entry."""


@dataclass(frozen=True)
class Completer:
    """Gets completions from the row store or, if they are not stored, from a model server."""

    rows: RowStore
    serving: ModelProvider
    progress: Callable[[Tally], None]
    weights: Path | None = None
    asked_for: str = ""
    """The recipe and asset; stored with every reply, together with the run, but not part of the id."""
    run: str = ""
    usage: Usage = field(default_factory=Usage)
    record: Callable[[LedgerEntry], None] = _discard
    """Records ledger entries that no completion shows: failed calls, and how many rows were already stored."""

    @property
    def failures(self) -> RowStore:
        """The calls that failed for good, next to the completions."""
        return failures_beside(self.rows)

    def complete(
        self, model: Model, requests: Sequence[Request], expected: Mapping[str, float] | None = None
    ) -> Replies:
        """Return a completion or an error for every request. A server is started only if something is missing.

        `expected` maps request ids to expected answer lengths. The longest are requested first, so that none of them
        runs alone at the end; requests that are not in it come last, in their order.

        Raises:
            ServerError: when the server cannot be started or used; replies received before are kept.
            StoreError: when a reply cannot be stored.
        """
        wanted = {request.id: request for request in requests}
        longest = expected or {}
        first = sorted(wanted, key=lambda key: -longest.get(key, -1.0))
        summary = self.ensure(model, first, wanted.__getitem__)
        # Read the replies from the store: if another run stored one first, that one counts.
        completions = self._completions(wanted)
        return Replies(summary.errors, summary.reused, summary.requested, summary.final, completions)

    def stored(self, requests: Sequence[Request], error: str) -> Replies:
        """Return the stored completions, and `error` for every other request; asks nothing."""
        wanted = {request.id: request for request in requests}
        completions = self._completions(wanted)
        missing = dict.fromkeys([key for key in wanted if key not in completions], error)
        return Replies(missing, reused=len(completions), completions=completions)

    def _completions(self, wanted: Mapping[str, Request]) -> dict[str, dict[str, object]]:
        """The stored completions of `wanted`, by id, with the finish reasons in common words."""
        completions = {str(row["completion_id"]): row for row in self.rows.get(list(wanted)).iter_rows(named=True)}
        for key, row in completions.items():
            limit = wanted[key].sampling.max_tokens
            row["finish_reason"] = resolved(row["finish_reason"], row["completion_tokens"], limit)
        return completions

    def ensure(self, model: Model, ids: Sequence[str], request_of: Callable[[str], Request]) -> RequestSummary:
        """Store a completion, or return an error, for each of `ids`, requesting them in this order.

        `request_of` creates each request just before it is sent, so that memory does not hold millions of texts.

        Raises:
            ServerError: when the server cannot be started or used; replies received before are kept.
            StoreError: when a reply cannot be stored.
        """
        self.rows.repair(ids)
        self.failures.repair(ids)
        index = self.rows.index(ids)
        total = len(index.wanted)
        waiting = [key for key in dict.fromkeys(ids) if key in index.missing] if index.missing else []
        if not waiting:
            return self._add_usage(model, ids, RequestSummary(reused=total))
        with self.rows.claims(index) as claims:
            missing = _MissingCompletions(self, model, request_of, claims, total, total - len(waiting))
            missing.run(waiting)
        self.rows.compact()
        return self._add_usage(model, ids, missing.summary)

    def note(self, event: LedgerEvent, model: Model, count: int, reply: Reply | None = None) -> None:
        """Record that an event happened `count` times, with the cost of `reply` if it was a single reply."""
        entry = LedgerEntry(event, self.asked_for, str(model), self.run, count)
        if reply is not None:
            entry = replace(entry, seconds=reply.seconds, dollars=reply.dollars, error=reply.error)
        if count:
            self.record(entry)

    def _add_usage(self, model: Model, ids: Sequence[str], summary: RequestSummary) -> RequestSummary:
        self.note(LedgerEvent.REUSED, model, summary.reused)
        reasons = Counter[str]()
        for completions in self.rows.read(ids, COLUMNS):
            self.usage.add_stored(completions)
            reasons.update(completions["finish_reason"].to_list())
        for failures in self.failures.read(summary.final, ["dollars"]):
            self.usage.add_failed(failures)
        for word, count in reasons.items():
            if word not in COMMON and count >= reasons.total() * COMMON_SHARE:
                self.rows.log(
                    f"{count} of {reasons.total()} replies of {model} ended with {word!r}, a finish reason that "
                    "skyassets does not know: they count as unfinished, and are kept"
                )
        return summary


class _MissingCompletions:
    """One run's requests for completions that are not stored."""

    def __init__(
        self,
        completer: Completer,
        model: Model,
        request_of: Callable[[str], Request],
        claims: Claims,
        total: int,
        reused: int,
    ) -> None:
        self.completer, self.model, self.request_of, self.claims = completer, model, request_of, claims
        self.total, self.reused = total, reused
        self.requested = self.stored = self.tokens = 0
        self.errors: dict[str, str] = {}
        self.kinds = Counter[str]()
        """The errors by kind."""
        self.failures = completer.failures
        self.failed_before: set[str] = set()
        """Ids that failed for good in an earlier run, or meanwhile in another one."""
        self.failed_now: set[str] = set()
        """Ids that failed for good in this run."""
        self.in_flight: dict[str, Request] = {}
        self.free_failures = 0
        """Failed calls without cost, which are recorded together at the end."""
        self.client: CompletionClient | None = None
        self.others: list[str] = []
        """Ids that other runs are requesting."""

    def run(self, waiting: list[str]) -> None:
        """Send requests, or wait for other runs that do, until every id has a completion or an error."""
        self.failed_index = self.failures.index(waiting)
        with (
            self.completer.rows.writer(self._count_stored) as self.writer,
            self.failures.writer(self._release) as self.failure_writer,
        ):
            reported = 0
            try:
                while waiting:
                    self.others = []
                    before = self.requested
                    self._request(self._claimed(waiting))
                    left = len(self.others)
                    # Report again only when half of them have arrived, to keep the log short.
                    if left and (not reported or left <= reported / 2):
                        self.completer.rows.log(f"waiting for {left} completions that another run has requested")
                        reported = left
                    if left and self.requested == before:
                        self.claims.wait()
                    waiting = self.others
            finally:
                self.completer.note(LedgerEvent.FAILED, self.model, self.free_failures)
        if self.failed_now:
            self.failures.compact()
        self.reused = self.total - self.requested - len(self.failed_before)
        self._report(is_over=True)

    @property
    def summary(self) -> RequestSummary:
        """The result, after `run`."""
        return RequestSummary(self.errors, self.reused, self.requested, frozenset(self.failed_before | self.failed_now))

    def _request(self, requests: Iterator[Request]) -> None:
        """Send `requests`; no server is started if there are none."""
        first = next(requests, None)
        if first is None:
            return
        with self.completer.serving.serve(self.model, self.completer.weights) as client:
            self.client = client
            self._report()
            client.ask(chain([first], requests), self._receive)
        # A client consumes all requests; if it stopped early, the rest have no reply.
        self._fail(dict.fromkeys([*self.in_flight, *(left.id for left in requests)], "the server gave no reply"))
        self.claims.release(self.in_flight)
        self.in_flight.clear()

    def _claimed(self, waiting: Sequence[str]) -> Iterator[Request]:
        """Yield the requests that no other run has claimed, claiming them shortly before they are sent."""
        for start in range(0, len(waiting), ROWS_A_CLAIM):
            self.writer.check()
            shares = self.claims.take(waiting[start : start + ROWS_A_CLAIM])
            self.others += shares.others
            ours = self._not_failed(shares.ours)
            self.requested += len(ours)
            for key in ours:
                self.in_flight[key] = request = self.request_of(key)
                yield request

    def _not_failed(self, keys: list[str]) -> list[str]:
        """Those of the claimed `keys` that have not failed for good; the others get the reason that is stored."""
        self.failed_index.refresh()
        failed = [key for key in keys if key not in self.failed_index.missing]
        if not failed:
            return keys
        self._fail(stored_reasons(self.failures, failed))
        self.failed_before.update(failed)
        self.claims.release(failed)
        return [key for key in keys if key in self.failed_index.missing]

    def _receive(self, reply: Reply) -> None:
        request = self.in_flight.pop(reply.id)
        self.completer.usage.add_reply(reply)
        origin = {"asked_for": self.completer.asked_for, "run": self.completer.run}
        if reply.error is None:
            self.writer.put({**completion_row(request, reply), **origin})
        else:
            self._fail({reply.id: f"{reply.error}; {NOT_AGAIN}" if reply.is_final else reply.error})
            if reply.dollars == 0.0:
                self.free_failures += 1
            else:
                self.completer.note(LedgerEvent.FAILED, self.model, 1, reply)
            if reply.is_final:
                self.failed_now.add(reply.id)
                self.failure_writer.put({**failure_row(request, reply), **origin})
            else:
                self.claims.release([reply.id])
        self._report()

    def _fail(self, reasons: Mapping[str, str]) -> None:
        self.errors |= reasons
        self.kinds.update(map(kind_of, reasons.values()))

    def _release(self, rows: Sequence[Row]) -> None:
        """Release the claims on stored rows; called in the writer thread."""
        self.claims.release(str(row["completion_id"]) for row in rows)

    def _count_stored(self, rows: Sequence[Row]) -> None:
        """Count stored rows; called in the writer thread."""
        self._release(rows)
        self.tokens += sum(int(str(row["completion_tokens"])) for row in rows)
        self.stored += len(rows)

    def _report(self, is_over: bool = False) -> None:
        done = self.reused + self.stored + len(self.errors)
        if done >= self.total and not is_over:
            return  # the last line is the one after everything has been stored
        in_flight = self.client.in_flight if self.client else 0
        self.completer.progress(
            Tally(done, self.total, self.reused, len(self.errors), self.tokens, in_flight, dict(self.kinds))
        )


def request(model: Model, messages: tuple[Message, ...], sampling: Sampling, seed: int) -> Request:
    """The request for one completion. Its id covers everything that determines the completion."""
    return Request(digest(model, messages, sampling, seed), model, messages, sampling, seed)


def completion_row(wanted: Request, reply: Reply) -> dict[str, object]:
    """A reply as a row of `completions`, including the whole request."""
    parts = {"model": wanted.model, "messages": wanted.messages, "sampling": wanted.sampling, "seed": wanted.seed}
    return {
        "completion_id": wanted.id,
        "request": well_formed(canonical_json(parts)),
        "model": str(wanted.model),
        "text": well_formed(reply.text),
        **{name: getattr(reply, name) for name in REPLY_COLUMNS},
        "sent": reply.sent or None,
    }
