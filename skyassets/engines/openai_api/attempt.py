"""A pending request: its attempts and what they have cost."""

import time
from dataclasses import dataclass

from skyassets.core.money import Price
from skyassets.core.ports import Reply, Request
from skyassets.core.text import now, well_formed
from skyassets.engines.openai_api.failures import RequestFailure


@dataclass
class PendingRequest:
    """A request that has no final reply yet."""

    request: Request
    worst: float
    """Most that one attempt can cost, in dollars."""
    began: float = 0.0
    attempts: int = 0
    slow: int = 0
    busy: int = 0
    dollars: float = 0.0

    def cost(self, outcome: Reply | RequestFailure, price: Price) -> float:
        """Return what an attempt cost; `worst` if the server did the work but reported no token counts."""
        if isinstance(outcome, Reply):
            tokens = None if outcome.dollars is None else (outcome.prompt_tokens, outcome.completion_tokens)
        else:
            tokens = outcome.tokens if outcome.is_paid else (0, 0)
        return self.worst if tokens is None else price.dollars(*tokens)

    def given_up(self, reason: str, served_by: str) -> Reply:
        """Return the reply for a request that failed for good, with the reason as its error."""
        seconds = time.monotonic() - self.began
        error = well_formed(reason)
        return Reply(self.request.id, "", "error", 0, 0, seconds, served_by, error, now(), self.dollars)
