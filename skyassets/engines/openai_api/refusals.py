"""The requests that a server refuses before its first success: held, until it is known what they mean.

A refusal may be about one row, or about all. After the first success it is the row's error. Without any success, after
too many equal ones, the server refuses everything: its rows can be sent to another server, or the run stops.
"""

from dataclasses import dataclass

from skyassets.engines.chat_format.refusal_text import kind_of
from skyassets.engines.openai_api.failures import RequestFailure
from skyassets.engines.openai_api.pending_request import PendingRequest

SAME = 10
"""Equal refusals without any success that show that a server refuses everything."""
ANY = 50
"""Refusals of any kind that show it. A refusal of a row's text (too long, filtered) counts only here: the first rows
of a set may all be of that kind."""


@dataclass(frozen=True)
class Refused:
    """A request that was refused, and why."""

    pending: PendingRequest
    failure: RequestFailure


class HeldRefusals:
    """The refused requests of one server, until its first success."""

    def __init__(self) -> None:
        self.has_succeeded = False
        self._held: list[Refused] = []
        self._counts: dict[str, int] = {}

    def hold(self, pending: PendingRequest, failure: RequestFailure) -> bool:
        """Hold a refused request; return whether the server refuses everything."""
        self._held.append(Refused(pending, failure))
        if len(self._held) >= ANY:
            return True
        kind = kind_of(failure.message)
        self._counts[kind] = count = self._counts.get(kind, 0) + (not failure.is_of_the_row)
        return count >= SAME

    def release(self) -> list[Refused]:
        """Return the held requests, and hold them no longer."""
        held, self._held = self._held, []
        return held
