"""Completions wanted against completions stored: only the difference is asked, and every reply is kept at once."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from skyassets.core.identity import digest, spelling
from skyassets.core.ports import Message, Model, Reply, Request, Sampling, Serving
from skyassets.core.row_store import RowStore

REPLY_COLUMNS = ("finish_reason", "prompt_tokens", "completion_tokens", "seconds", "served_by", "at", "dollars")


@dataclass(frozen=True)
class Tally:
    """How far the asking has come; handed to whoever shows progress."""

    done: int
    total: int
    reused: int
    failed: int
    completion_tokens: int


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
        return {"rows reused": self.reused, "rows asked": self.asked, "rows failed": len(self.errors)}


@dataclass(frozen=True)
class Completer:
    """Gets completions: out of the row store where they are, from a model server where not."""

    rows: RowStore
    serving: Serving
    progress: Callable[[Tally], None]
    weights: Path | None = None
    asked_for: str = ""
    """The recipe and asset it works for, and the run: noted with every reply, part of no id."""
    run: str = ""

    def complete(self, model: Model, requests: Sequence[Request]) -> Replies:
        """Have every request answered or explained; a server is started only if something must be asked.

        Raises:
            ServerError: when the server cannot be started or used; everything answered before is kept.
        """
        wanted = {request.id: request for request in requests}
        stored = _by_id(self.rows.get(list(wanted)))
        missing = [request for key, request in wanted.items() if key not in stored]
        if not missing:
            return Replies(stored, {}, reused=len(stored), asked=0)
        errors: dict[str, str] = {}
        fresh: set[str] = set()
        tokens = 0

        def keep(reply: Reply) -> None:
            nonlocal tokens
            if reply.error is None:
                self.rows.put({**completion_row(wanted[reply.id], reply), "asked_for": self.asked_for, "run": self.run})
                fresh.add(reply.id)
            else:
                errors[reply.id] = reply.error
            tokens += reply.completion_tokens
            done = len(stored) + len(fresh) + len(errors)
            self.progress(Tally(done, len(wanted), len(stored), len(errors), tokens))

        try:
            with self.serving.serve(model, self.weights) as asker:
                asker.ask(missing, keep)
        finally:
            self.rows.compact()
        for request in missing:
            if request.id not in fresh and request.id not in errors:
                errors[request.id] = "the server gave no reply"
        # Read again, not taken from above: where another run was first, its reply is the one that stands.
        return Replies(_by_id(self.rows.get(list(wanted))), errors, reused=len(stored), asked=len(missing))


def request(model: Model, messages: tuple[Message, ...], sampling: Sampling, seed: int) -> Request:
    """The request for one completion, with the id that covers all that determines it."""
    return Request(digest(model, messages, sampling, seed), model, messages, sampling, seed)


def completion_row(asked: Request, reply: Reply) -> dict[str, object]:
    """A reply as a row of `completions`, with the whole request beside it."""
    parts = {"model": asked.model, "messages": asked.messages, "sampling": asked.sampling, "seed": asked.seed}
    told = asdict(reply)
    return {
        "completion_id": asked.id,
        "request": sound(spelling(parts)),
        "model": str(asked.model),
        "text": sound(reply.text),
        **{name: told[name] for name in REPLY_COLUMNS},
    }


def sound(text: str) -> str:
    """`text` with lone surrogates replaced: JSON can carry them, UTF-8 files cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _by_id(completions: pl.DataFrame) -> dict[str, dict[str, object]]:
    return {str(row["completion_id"]): row for row in completions.iter_rows(named=True)}
