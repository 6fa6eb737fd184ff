"""How many requests one server gets at a time: as many as allowed, fewer while it says that it has too many."""

BUSY_SHARE = 0.2
"""A server that turns away more than this share of a windowful is asked less; a stray refusal changes nothing."""
SHRINK, GROWTH = 0.7, 0.1


class ConcurrencyLimiter:
    """Additive increase, multiplicative decrease (Chiu and Jain, 1989), one step a windowful of outcomes."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.size = most
        self._seen = self._busy = 0

    def note(self, is_busy: bool) -> None:
        """Take in one outcome: an answer, or the server's word that it is busy."""
        self._seen += 1
        self._busy += is_busy
        if self._seen < self.size:
            return
        if self._busy > BUSY_SHARE * self._seen:
            self.size = max(1, int(self.size * SHRINK))
        elif self.size < self.most:
            self.size = min(self.most, self.size + max(1, int(self.size * GROWTH)))
        self._seen = self._busy = 0
