"""Progress for people: a line now and then with done, total, rate and time left. The only clock of the graph."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from skyassets.stages.complete import Tally

SECONDS_BETWEEN = 5.0


@dataclass
class Progress:
    """Says how far a long work is, at most every few seconds, and once at its end."""

    what: str
    said: Callable[[str], None]
    started: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)

    def tally(self, tally: Tally) -> None:
        """Completions: with the ones reused and failed, and tokens a second."""
        fresh = tally.done - tally.reused
        extra = f", {tally.reused} reused, {tally.failed} failed" if tally.reused or tally.failed else ""
        self._say(fresh, tally.total - tally.reused, f"{extra}, {tally.completion_tokens / self._seconds():.0f} tok/s")

    def count(self, done: int, total: int) -> None:
        """Anything that is counted."""
        self._say(done, total, "")

    def _seconds(self) -> float:
        return max(time.monotonic() - self.started, 1e-3)

    def _say(self, done: int, total: int, extra: str) -> None:
        now = time.monotonic()
        if now - self.last < SECONDS_BETWEEN and done < total:
            return
        self.last = now
        left = self._seconds() / max(done, 1) * (total - done)
        self.said(f"{self.what}: {done}/{total}{extra}, {left:.0f} s left")
