"""Limits how many requests one server gets at a time: the configured maximum, or fewer while it reports overload."""

BUSY_SHARE = 0.2
"""The limit drops when a server rejects more than this share of a window of requests; single rejections are ignored."""
SHRINK, GROWTH = 0.7, 0.1


class ConcurrencyLimiter:
    """Additive increase, multiplicative decrease (Chiu and Jain, 1989), with one step per window of outcomes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = most
        self._count = self._busy = 0

    def record(self, is_busy: bool) -> None:
        """Record one outcome: a reply, or a rejection because the server is busy."""
        self._count += 1
        self._busy += is_busy
        if self._count < self.size:
            return
        if self._busy > BUSY_SHARE * self._count:
            self.size = max(1, int(self.size * SHRINK))
        elif self.size < self.most:
            self.size = min(self.most, self.size + max(1, int(self.size * GROWTH)))
        self._count = self._busy = 0
