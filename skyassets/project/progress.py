"""Progress for people: an occasional line with done, total, rate, spend and time left. The only clock in the graph."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from skyassets.core.money import Budget, in_dollars
from skyassets.stages.sampling.replies import Tally

SECONDS_BETWEEN = 5.0


@dataclass
class Progress:
    """Reports the progress of a long task, at most every few seconds, and once at its end."""

    what: str
    log: Callable[[str], None]
    run_budget: Budget | None = None
    """The budget the work is charged to, if it costs anything."""
    started: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    first: Tally | None = None
    """The tally when the model could first be asked; the time before that would distort the rate."""

    def tally(self, tally: Tally) -> None:
        """Report completions: reused, in flight and failed ones, tokens per second, and money."""
        if self.first is None or tally.total != self.first.total:
            self.first, self.started = tally, time.monotonic()
        answered, total = tally.done - tally.reused, tally.total - tally.reused
        parts = [f"{self.what}: {answered}/{total}"]
        if tally.reused:
            parts.append(f"{tally.reused} reused")
        if tally.in_flight:
            parts.append(f"{tally.in_flight} in flight")
        parts.append(f"{tally.completion_tokens / self._seconds():.0f} tok/s")
        if self.run_budget is not None and (self.run_budget.spent or self.run_budget.budget is not None):
            parts.append(spend(self.run_budget))
        failed = ", ".join(f"{count} x {kind}" for kind, count in tally.failures.items())
        self._log(answered, total, ", ".join(parts), f", {tally.failed} failed ({failed})" if tally.failed else "")

    def count(self, done: int, total: int) -> None:
        """Report any other count."""
        self._log(done, total, f"{self.what}: {done}/{total}")

    def _seconds(self) -> float:
        return max(time.monotonic() - self.started, 1e-3)

    def _log(self, done: int, total: int, line: str, failed: str = "") -> None:
        now = time.monotonic()
        if now - self.last < SECONDS_BETWEEN and done < total:
            return
        self.last = now
        left = self._seconds() / done * (total - done) if done else None
        self.log(f"{line}{f', {duration(left)} left' if left is not None else ''}{failed}")


def spend(run_budget: Budget) -> str:
    """The amount spent, and the budget."""
    of = "" if run_budget.budget is None else f" of {in_dollars(run_budget.budget)}"
    return f"{in_dollars(run_budget.spent)}{of}"


def duration(seconds: float) -> str:
    """A duration for people: 42 s, 7 min, 3.5 h."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"
