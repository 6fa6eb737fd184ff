"""A circuit breaker: a server that only fails is left alone for a while, then tried with one request at a time."""

FAILURES = 5
"""In a row, until it opens."""
LONGEST_COOLING = 30.0


class CircuitBreaker:
    """Closed (asked freely), open (left alone until `opens`), or half open (one request at a time)."""

    def __init__(self, cooling: float) -> None:
        self.cooling = cooling
        """Seconds it stays open the first time; doubles with every failed trial."""
        self._failures = 0
        self._trials = 0
        self.opens = 0.0
        """When the next trial may begin, by the clock that `failed` is told."""

    @property
    def is_tripped(self) -> bool:
        """Open or half open."""
        return self._failures >= FAILURES

    def failed(self, now: float) -> None:
        """Take in a failure of the server, not of the row."""
        if self.is_tripped and now < self.opens:
            return  # one that was under way when it opened
        self._failures += 1
        if self.is_tripped:
            self.opens = now + min(LONGEST_COOLING, self.cooling * 2**self._trials)
            self._trials += 1

    def answered(self) -> None:
        """Take in that the server works."""
        self._failures = self._trials = 0
        self.opens = 0.0
