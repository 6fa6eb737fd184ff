"""Limits requests and tokens per minute with token buckets. The limits are configured or read from response headers."""

import re
from collections.abc import Mapping

MINUTE = 60.0
BURST = 1.0
"""Seconds' worth of a limit that may go out at once."""
LONGEST_LIMIT = 12
"""Most digits of a limit in a header."""
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


class TokenBucket:
    """Refills at `per_minute`. A request may overdraw it; the next one then waits."""

    def __init__(self, per_minute: float, now: float) -> None:
        self.per_minute = per_minute
        self.level = self.capacity = max(1.0, per_minute * BURST / MINUTE)
        self.filled = now

    def wait(self, now: float) -> float:
        """Return the seconds until something may be taken."""
        self.level = min(self.capacity, self.level + (now - self.filled) * self.per_minute / MINUTE)
        self.filled = now
        return 0.0 if self.level > 0 else (1e-3 - self.level) * MINUTE / self.per_minute

    def take(self, amount: float) -> None:
        """Take `amount`, also below zero. A negative amount gives back."""
        self.level -= amount


class RateLimiter:
    """The rate limits of one server. All times are seconds of one monotonic clock."""

    def __init__(self, rpm: int | None, tpm: int | None, now: float) -> None:
        self._is_set = {"requests": rpm is not None, "tokens": tpm is not None}
        limits = (("requests", rpm), ("tokens", tpm))
        self._buckets = {what: TokenBucket(limit, now) for what, limit in limits if limit is not None}
        self._closed_until = now

    def wait(self, now: float) -> float:
        """Return the seconds until the next request may go out."""
        return max(self._closed_until - now, *(bucket.wait(now) for bucket in self._buckets.values()), 0.0)

    def take(self, tokens: int) -> None:
        """Count a request that goes out, with the tokens it is expected to use."""
        for what, amount in (("requests", 1), ("tokens", tokens)):
            if what in self._buckets:
                self._buckets[what].take(amount)

    def settle(self, expected: int, used: int) -> None:
        """Replace the expected tokens of a request by those it used."""
        if "tokens" in self._buckets:
            self._buckets["tokens"].take(used - expected)

    def learn(self, headers: Mapping[str, str], now: float) -> None:
        """Apply OpenAI's `x-ratelimit-*` headers; a configured limit takes precedence."""
        for what, is_set in self._is_set.items():
            limit = _limit(headers.get(f"x-ratelimit-limit-{what}", ""))
            if not is_set and limit:
                known = self._buckets.get(what)
                if known is None or known.per_minute != limit:
                    self._buckets[what] = TokenBucket(limit, now)
            if headers.get(f"x-ratelimit-remaining-{what}", "") == "0":
                reset = seconds_of(headers.get(f"x-ratelimit-reset-{what}", ""))
                self._closed_until = max(self._closed_until, now + min(reset, MINUTE))


def _limit(text: str) -> int:
    """The limit in a header; 0 if there is none, or it is too large to limit anything."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST_LIMIT else 0


def seconds_of(duration: str) -> float:
    """Return the seconds in a duration such as `6m0s`, `20ms` or a bare number; 0 for anything else."""
    parts = DURATION.findall(duration)
    if parts:
        return sum(float(number) * SECONDS[unit] for number, unit in parts)
    try:
        return max(float(duration), 0.0)
    except ValueError:
        return 0.0
