"""A circuit breaker: pauses requests to a server that keeps failing, then tries it with one request at a time."""

FAILURES = 5
"""Consecutive failures after which the breaker opens."""
LONGEST_COOLING = 30.0


class CircuitBreaker:
    """Closed (requests flow), open (no requests until `opens`), or half open (one request at a time)."""

    def __init__(self, cooling: float) -> None:
        self.cooling = cooling
        """Seconds it stays open the first time; doubles with every failed trial."""
        self._failures = 0
        self._trials = 0
        self.opens = 0.0
        """When the next trial may begin, by the clock that is passed to `record_failure`."""

    @property
    def is_tripped(self) -> bool:
        """Open or half open."""
        return self._failures >= FAILURES

    def record_failure(self, now: float) -> None:
        """Record a failure of the server (not one caused by a single row)."""
        if self.is_tripped and now < self.opens:
            return  # this request was already in flight when the breaker opened
        self._failures += 1
        if self.is_tripped:
            self.opens = now + min(LONGEST_COOLING, self.cooling * 2**self._trials)
            self._trials += 1

    def record_success(self) -> None:
        """Record a success, which closes the breaker."""
        self._failures = self._trials = 0
        self.opens = 0.0
