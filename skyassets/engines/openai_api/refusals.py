"""The requests that a server refuses: held until its next success, when it is known what they mean.

A refusal may be about one row, or about all. After a success it was the row's error. After too many equal ones in a
row, the server refuses everything (its account ran out, a parameter is not allowed): its rows can be sent to another
server, or the run stops.
"""

from dataclasses import dataclass

from skyassets.engines.chat_format.refusal_text import kind_of
from skyassets.engines.openai_api.failures import RequestFailure
from skyassets.engines.openai_api.pending_request import PendingRequest

SAME, SAME_LATER = 10, 20
"""Equal refusals in a row that show that a server refuses everything: before its first success, and after it."""
ANY = 50
"""Refusals of any kind, before the first success, that show it. A refusal of a row's text (too long, filtered) counts
only here: the first rows of a set may all be of that kind."""

USELESS = 20
"""Rows that were paid for and brought no text, before the first success, after which a run stops."""


@dataclass(frozen=True)
class Refused:
    """A request that was refused, and why."""

    pending: PendingRequest
    failure: RequestFailure


class HeldRefusals:
    """The refused requests of one server since its last success."""

    def __init__(self) -> None:
        self.has_succeeded = False
        self._held: list[Refused] = []
        self._counts: dict[str, int] = {}

    def hold(self, pending: PendingRequest, failure: RequestFailure) -> bool:
        """Hold a refused request; return whether the server refuses everything."""
        self._held.append(Refused(pending, failure))
        if len(self._held) >= ANY and not self.has_succeeded:
            return True
        kind = kind_of(failure.message)
        self._counts[kind] = count = self._counts.get(kind, 0) + (not failure.is_of_the_row)
        return count >= (SAME_LATER if self.has_succeeded else SAME)

    def record_success(self) -> None:
        """Record a completion: what was refused before was about its rows."""
        self.has_succeeded = True
        self._counts.clear()

    def release(self) -> list[Refused]:
        """Return the held requests, and hold them no longer."""
        held, self._held = self._held, []
        return held
