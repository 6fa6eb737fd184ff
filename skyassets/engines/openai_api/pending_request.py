"""A pending request: its attempts and what they have cost."""

import time
from dataclasses import dataclass

from skyassets.core.money import Price
from skyassets.core.ports import Reply, Request
from skyassets.core.text import now, well_formed
from skyassets.engines.openai_api.failures import RequestFailure

MOST_TIMEOUTS = 2
"""Most attempts that may time out: each costs the server as much as a completion."""
MOST_EMPTY = 3
"""Most attempts that may return no whole text: each is paid for."""
BUSY_ATTEMPTS = 4
"""Factor by which the attempts increase for a row that only meets a busy server."""


@dataclass
class PendingRequest:
    """A request that has no final reply yet."""

    request: Request
    worst: float
    """Most that one attempt can cost, in dollars."""
    began: float = 0.0
    served_by: str = ""
    """The server of the last attempt."""
    attempts: int = 0
    busy: int = 0
    """Attempts that met a busy server; not among `attempts`."""
    timeouts: int = 0
    empty: int = 0
    """Attempts without a text, although the model ended it."""
    broken_off: int = 0
    """Attempts of which the server broke the text off."""
    dollars: float = 0.0
    reason: str = ""
    """Why the last attempt failed."""

    @property
    def tries(self) -> int:
        """How often it was sent."""
        return self.attempts + self.busy

    def cost(self, outcome: Reply | RequestFailure, price: Price) -> float:
        """Return what an attempt cost; `worst` if the server did the work but reported no token counts."""
        if isinstance(outcome, Reply):
            tokens = None if outcome.dollars is None else (outcome.prompt_tokens, outcome.completion_tokens)
        else:
            tokens = outcome.tokens if outcome.is_paid else (0, 0)
        return self.worst if tokens is None else price.dollars(*tokens)

    def record(self, failure: RequestFailure) -> None:
        """Count the last attempt as one that met a busy server, timed out, or was never sent."""
        self.reason = failure.reason
        if failure.is_busy or failure.is_unreached:
            self.attempts -= 1
        self.busy += failure.is_busy
        self.timeouts += failure.is_timed_out
        self.empty += failure.is_empty
        self.broken_off += failure.is_broken_off

    def is_out_of_attempts(self, most: int) -> bool:
        """Whether it must not be sent again, if `most` attempts are allowed."""
        paid = self.timeouts >= MOST_TIMEOUTS or self.empty + self.broken_off >= MOST_EMPTY
        return self.attempts >= most or paid or self.busy >= BUSY_ATTEMPTS * most

    @property
    def is_always_empty(self) -> bool:
        """Whether it got an empty text at every attempt, or too often: a later run would only pay for another one."""
        return not self.broken_off and 0 < self.empty >= min(MOST_EMPTY, self.attempts)

    def given_up(self, reason: str, *, is_final: bool) -> Reply:
        """Return the reply for a request that failed, with the reason as its error."""
        seconds = time.monotonic() - self.began
        error = well_formed(reason)
        served_by, at = self.served_by, now()
        return Reply(self.request.id, "", "error", 0, 0, seconds, served_by, error, at, self.dollars, "", is_final)
