"""The queue of one run: the requests that are to be sent, and which of them is next."""

import heapq
from collections.abc import Iterable

from skyassets.core.money import Price
from skyassets.core.ports import Request
from skyassets.engines.openai_api.pending_request import PendingRequest


class RequestQueue:
    """Requests that wait for the budget or for a retry, then new ones, which are read only as they are needed."""

    def __init__(self, requests: Iterable[Request], price: Price) -> None:
        self._requests, self._price = iter(requests), price
        self._is_read = False
        """Whether there are no new requests any more."""
        self._retries: list[tuple[float, int, PendingRequest]] = []
        """Heap by time."""
        self.over_budget: PendingRequest | None = None
        """A request that the budget has no room for yet; it is the next one."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left to send."""
        return self._is_read and not self._retries and self.over_budget is None

    def next(self, now: float) -> PendingRequest | None:
        """Remove and return the next request; None if there is none yet."""
        if self.over_budget is not None:
            pending, self.over_budget = self.over_budget, None
            return pending
        if self._retries and self._retries[0][0] <= now:
            return heapq.heappop(self._retries)[2]
        request = None if self._is_read else next(self._requests, None)
        if request is None:
            self._is_read = True
            return None
        return PendingRequest(request, self._price.worst(request))

    @property
    def has_only_retries(self) -> bool:
        """Whether every request has been sent at least once."""
        return self._is_read and self.over_budget is None

    def take_retries(self) -> list[PendingRequest]:
        """Remove and return the requests that wait for a retry."""
        retries, self._retries = self._retries, []
        return [pending for _, _, pending in retries]

    def retry(self, pending: PendingRequest, at: float) -> None:
        """Queue a request for a retry at the time `at`."""
        heapq.heappush(self._retries, (at, id(pending), pending))

    def wait(self, now: float) -> float | None:
        """Return the seconds until a retry is due; None without one."""
        return self._retries[0][0] - now if self._retries else None

    def unfinished(self) -> list[PendingRequest]:
        """Return the requests that were read and not answered."""
        return [pending for _, _, pending in self._retries] + ([self.over_budget] if self.over_budget else [])
