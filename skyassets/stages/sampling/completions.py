"""Completions wanted against completions stored: only the difference is asked, and every reply is kept at once.

Several runs may work on one store at the same time: what one is asking, the others wait for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from skyassets.core.identity import digest, spelling
from skyassets.core.ports import CompletionClient, Message, Model, ModelProvider, Reply, Request, Sampling
from skyassets.core.rows.claims import Claims
from skyassets.core.rows.ledger import Entry, Event
from skyassets.core.rows.store import RowStore
from skyassets.core.rows.writer import Row
from skyassets.core.text import well_formed
from skyassets.stages.sampling.usage import COLUMNS, Usage

REPLY_COLUMNS = ("finish_reason", "prompt_tokens", "completion_tokens", "seconds", "served_by", "at", "dollars")
ROWS_A_CLAIM = 32
"""How many rows are claimed at once, just before they are asked."""


@dataclass(frozen=True)
class Tally:
    """How far the asking has come; handed to whoever shows progress. A reply counts once it is durable."""

    done: int
    total: int
    reused: int
    failed: int
    completion_tokens: int
    in_flight: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    """The failed ones by kind."""


@dataclass(frozen=True)
class Asked:
    """What became of a set of wanted completions: all are stored now but those with an error."""

    errors: dict[str, str] = field(default_factory=dict)
    reused: int = 0
    asked: int = 0

    @property
    def facts(self) -> dict[str, object]:
        """The counts an asset shows."""
        return {"rows reused": self.reused, "rows asked": self.asked, "rows failed": len(self.errors)}


@dataclass(frozen=True)
class Replies:
    """What there is for a set of requests: stored completions by id, and the errors of those that have none."""

    completions: dict[str, dict[str, object]]
    errors: dict[str, str]
    reused: int
    asked: int

    @property
    def facts(self) -> dict[str, object]:
        """The counts an asset shows."""
        return Asked(self.errors, self.reused, self.asked).facts


def _nowhere(entry: Entry) -> None:
    """Nobody keeps a ledger."""


@dataclass(frozen=True)
class Completer:
    """Gets completions: out of the row store where they are, from a model server where not."""

    rows: RowStore
    serving: ModelProvider
    progress: Callable[[Tally], None]
    weights: Path | None = None
    asked_for: str = ""
    """The recipe and asset it works for, and the run: noted with every reply, part of no id."""
    run: str = ""
    usage: Usage = field(default_factory=Usage)
    noted: Callable[[Entry], None] = _nowhere
    """Takes down what no completion shows: failed calls, and how many rows were there already."""

    def complete(
        self, model: Model, requests: Sequence[Request], expected: Mapping[str, float] | None = None
    ) -> Replies:
        """Have every request answered or explained; a server is started only if something must be asked.

        `expected` says how long the answers will be, by request id: the longest are asked first, so that none is left
        alone at the end; those not in it come last, in their order.

        Raises:
            ServerError: when the server cannot be started or used; everything answered before is kept.
            StoreError: when a reply cannot be kept.
        """
        wanted = {request.id: request for request in requests}
        longest = expected or {}
        first = sorted(wanted, key=lambda key: -longest.get(key, -1.0))
        asked = self.ensure(model, first, wanted.__getitem__)
        # Read, not remembered: where another run was first, its reply is the one that stands.
        stored = self.rows.get(list(wanted)).iter_rows(named=True)
        found = {str(row["completion_id"]): row for row in stored}
        return Replies(found, asked.errors, asked.reused, asked.asked)

    def ensure(self, model: Model, ids: Sequence[str], request_of: Callable[[str], Request]) -> Asked:
        """Have a completion stored, or an error told, for each of `ids`, asking for them in this order.

        A request is made by `request_of` just before it is asked, and no text is held in memory: there may be millions.

        Raises:
            ServerError: when the server cannot be started or used; everything answered before is kept.
            StoreError: when a reply cannot be kept.
        """
        self.rows.mend(ids)
        index = self.rows.index(ids)
        total = len(index.wanted)
        waiting = [key for key in dict.fromkeys(ids) if key in index.missing] if index.missing else []
        if not waiting:
            return self._billed(model, ids, Asked(reused=total))
        with self.rows.claims(index) as claims:
            asking = _Asking(self, model, request_of, claims, total, total - len(waiting))
            asking.run(waiting)
        self.rows.compact()
        return self._billed(model, ids, Asked(asking.errors, reused=total - asking.asked, asked=asking.asked))

    def note(self, event: Event, model: Model, count: int, reply: Reply | None = None) -> None:
        """Have it taken down that something happened `count` times; what it cost, where it is one `reply`."""
        entry = Entry(event, self.asked_for, str(model), self.run, count)
        if reply is not None:
            entry = replace(entry, seconds=reply.seconds, dollars=reply.dollars, error=reply.error)
        if count:
            self.noted(entry)

    def _billed(self, model: Model, ids: Sequence[str], asked: Asked) -> Asked:
        self.note(Event.REUSED, model, asked.reused)
        for completions in self.rows.read(ids, COLUMNS):
            self.usage.take(completions)
        return asked


class _Asking:
    """One run's asking for what is not stored."""

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
        self.asked = self.kept = self.tokens = 0
        self.errors: dict[str, str] = {}
        self.out: dict[str, Request] = {}
        """The requests under way."""
        self.free = 0
        """Failed calls that cost nothing: they are noted together, at the end."""
        self.client: CompletionClient | None = None
        self.others: list[str] = []
        """What other runs are asking."""

    def run(self, waiting: list[str]) -> None:
        """Ask, or wait for other runs that ask, until all is answered or explained."""
        with self.completer.rows.writer(self._durable) as self.writer:
            told = 0
            try:
                while waiting:
                    self.others = []
                    before = self.asked
                    self._round(self._drawn(waiting))
                    left = len(self.others)
                    # Said again once half of them came: a line for each would drown all others.
                    if left and (not told or left <= told / 2):
                        self.completer.rows.said(f"waiting for {left} completions that another run is asking")
                        told = left
                    if left and self.asked == before:
                        self.claims.wait()
                    waiting = self.others
            finally:
                self.completer.note(Event.FAILED, self.model, self.free)
        self.reused = self.total - self.asked
        self._tell()

    def _round(self, requests: Iterator[Request]) -> None:
        """Ask `requests`; no server is started when there is none."""
        first = next(requests, None)
        if first is None:
            return
        with self.completer.serving.serve(self.model, self.completer.weights) as client:
            self.client = client
            self._tell()
            client.ask(chain([first], requests), self._keep)
        # An asker draws all there is; one that did not has given no reply to the rest.
        for key in [*self.out, *(left.id for left in requests)]:
            self.errors[key] = "the server gave no reply"
        self.claims.release(self.out)
        self.out.clear()

    def _drawn(self, waiting: Sequence[str]) -> Iterator[Request]:
        """The requests for what nobody has asked yet, each claimed a little before it is drawn."""
        for start in range(0, len(waiting), ROWS_A_CLAIM):
            self.writer.check()
            shares = self.claims.take(waiting[start : start + ROWS_A_CLAIM])
            self.others += shares.others
            self.asked += len(shares.ours)
            for key in shares.ours:
                self.out[key] = request = self.request_of(key)
                yield request

    def _keep(self, reply: Reply) -> None:
        asked = self.out.pop(reply.id)
        self.completer.usage.came(reply)
        if reply.error is None:
            by = {"asked_for": self.completer.asked_for, "run": self.completer.run}
            self.writer.put({**completion_row(asked, reply), **by})
        else:
            self.errors[reply.id] = reply.error
            if reply.dollars == 0.0:
                self.free += 1
            else:
                self.completer.note(Event.FAILED, self.model, 1, reply)
            self.claims.release([reply.id])
        self._tell()

    def _durable(self, rows: Sequence[Row]) -> None:
        """Count rows; called in the writing thread."""
        self.claims.release(str(row["completion_id"]) for row in rows)
        self.tokens += sum(int(str(row["completion_tokens"])) for row in rows)
        self.kept += len(rows)

    def _tell(self) -> None:
        done = self.reused + self.kept + len(self.errors)
        in_flight = self.client.in_flight if self.client else 0
        failures = dict(self.completer.usage.failures)
        self.completer.progress(
            Tally(done, self.total, self.reused, len(self.errors), self.tokens, in_flight, failures)
        )


def request(model: Model, messages: tuple[Message, ...], sampling: Sampling, seed: int) -> Request:
    """The request for one completion, with the id that covers all that determines it."""
    return Request(digest(model, messages, sampling, seed), model, messages, sampling, seed)


def completion_row(asked: Request, reply: Reply) -> dict[str, object]:
    """A reply as a row of `completions`, with the whole request beside it."""
    parts = {"model": asked.model, "messages": asked.messages, "sampling": asked.sampling, "seed": asked.seed}
    return {
        "completion_id": asked.id,
        "request": well_formed(spelling(parts)),
        "model": str(asked.model),
        "text": well_formed(reply.text),
        **{name: getattr(reply, name) for name in REPLY_COLUMNS},
    }
