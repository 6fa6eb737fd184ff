"""The forecast: which calls a run would make now, and their estimated time and cost, from a sample of calls.

The calls are found by running the stages with a completer that counts requests instead of sending them.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from skyassets.core.errors import ServerError
from skyassets.core.identity import digest
from skyassets.core.money import FREE, Price
from skyassets.core.ports import CompletionClient, Model, Request
from skyassets.stages.sampling.completions import Completer, RequestSummary
from skyassets.stages.sampling.usage import Usage, quantile

UNASKED = "not asked: only counted"
HOUR = 3600.0


@dataclass
class Counting:
    """Counts requests and keeps a sample of them."""

    price: Price
    keep: int = 0
    """The size of the sample of requests, which is random but reproducible."""
    is_by_conversation: bool = False
    """Whether a second request with the same messages counts as a retry and is not counted."""
    calls: int = 0
    worst: float = 0.0
    """Dollars if every answer had the maximum length."""
    _kept: list[tuple[int, Request]] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def count(self, request: Request) -> None:
        """Count a request."""
        if not self._is_new(request):
            return
        self.calls += 1
        self.worst += self.price.worst(request)
        # Ids are digests, so the smallest ids are a random sample; the heap drops the largest.
        heapq.heappush(self._kept, (-int(request.id, 16), request))
        if len(self._kept) > self.keep:
            heapq.heappop(self._kept)

    @property
    def sample(self) -> list[Request]:
        """The sampled requests."""
        return [request for _, request in sorted(self._kept, reverse=True)]

    def _is_new(self, request: Request) -> bool:
        if not self.is_by_conversation:
            return True
        conversation = digest(request.messages)
        is_new = conversation not in self._seen
        self._seen.add(conversation)
        return is_new


class NoServing:
    """A `ModelProvider` that refuses to serve."""

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Always raise `ServerError`."""
        raise ServerError(f"{model} was to be asked while its calls were only counted: please report this")
        yield


@dataclass(frozen=True)
class Counter(Completer):
    """Returns stored completions and counts the missing ones instead of requesting them."""

    counting: Counting = field(default_factory=lambda: Counting(FREE))

    def ensure(self, model: Model, ids: Sequence[str], request_of: Callable[[str], Request]) -> RequestSummary:
        """Count the requests of `ids` that are not stored; each of them gets an error."""
        stored = self.rows.index(ids).stored
        missing = [key for key in dict.fromkeys(ids) if key not in stored]
        for key in missing:
            self.counting.count(request_of(key))
        reused = len(set(ids)) - len(missing)
        summary = RequestSummary(dict.fromkeys(missing, UNASKED), reused, len(missing))
        return self._add_usage(model, ids, summary)


@dataclass(frozen=True)
class Lengths:
    """Lengths of calls in tokens: the median, the 95th percentile and the mean."""

    calls: int
    """The number of calls measured."""
    prompt: tuple[float, float, float]
    completion: tuple[float, float, float]


@dataclass(frozen=True)
class Line:
    """The calls that one role of an asset would make now, and their estimated cost. None means unknown."""

    asset: str
    role: str
    model: str
    stored: int
    """Number of completions already stored."""
    calls: int
    price: Price
    worst: float | None = None
    """Dollars if every answer had the maximum length."""
    lengths: Lengths | None = None
    tokens_per_second: float | None = None
    machine_price: float = 0.0
    """Dollars per hour of the self-hosted servers; 0 for a remote server."""
    note: str = ""

    @property
    def tokens(self) -> float | None:
        """Expected prompt and completion tokens of all calls, from the mean length."""
        if self.lengths is None:
            return None if self.calls else 0.0
        return self.calls * (self.lengths.prompt[2] + self.lengths.completion[2])

    @property
    def hours(self) -> float | None:
        """Expected hours, from the mean length and the measured rate."""
        return self._hours(2)

    @property
    def dollars_p50(self) -> float | None:
        """Dollars if every call had the median length."""
        return self._dollars(0)

    @property
    def dollars_p95(self) -> float | None:
        """Dollars if every call had the 95th percentile of length."""
        return self._dollars(1)

    @property
    def dollars_mean(self) -> float | None:
        """Expected dollars."""
        return self._dollars(2)

    def _hours(self, place: int) -> float | None:
        if not self.calls:
            return 0.0
        if self.lengths is None or not self.tokens_per_second:
            return None
        return self.calls * self.lengths.completion[place] / self.tokens_per_second / HOUR

    def _dollars(self, place: int) -> float | None:
        is_free = not (self.price.input or self.price.output)
        if not self.calls or (is_free and not self.machine_price):
            return 0.0
        hours = self._hours(place) if self.machine_price else 0.0
        if self.lengths is None or hours is None:
            return None
        a_call = (
            self.lengths.prompt[place] * self.price.input + self.lengths.completion[place] * self.price.output
        ) / 1e6
        return self.calls * a_call + hours * self.machine_price


def lengths_of(usage: Usage) -> Lengths | None:
    """The lengths of the calls in `usage`; None without calls."""
    if not usage.lengths:
        return None
    return Lengths(len(usage.lengths), _spread(list(usage.prompts)), _spread(list(usage.lengths)))


def rewriters(teacher: Lengths, prompt: int) -> Lengths:
    """Estimated lengths of a rewriter's calls: it reads a trace plus `prompt` tokens and writes the trace again."""
    read = tuple(length + prompt for length in teacher.completion)
    return Lengths(teacher.calls, (read[0], read[1], read[2]), teacher.completion)


def rate(completions: pl.DataFrame) -> float | None:
    """Completion tokens per second in the run with the most calls; None if nothing was measured."""
    timed = completions.drop_nulls(["at", "seconds"]).filter(pl.col("at") != "")
    if timed.is_empty():
        return None
    at = pl.col("at").str.to_datetime(time_unit="us", time_zone="UTC").dt.timestamp("us") / 1e6
    runs = (
        timed.with_columns(at=at)
        .group_by("run")
        .agg(
            pl.col("completion_tokens").sum().alias("tokens"),
            (pl.col("at").max() - (pl.col("at") - pl.col("seconds")).min()).alias("span"),
            pl.len().alias("calls"),
        )
        .sort("calls", "run")
    )
    last = runs.row(-1, named=True)
    return float(last["tokens"]) / float(last["span"]) if last["span"] > 0 and last["tokens"] else None


def total(parts: Sequence[float | None]) -> float | None:
    """The sum; None if a part is unknown."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def fits(lines: Sequence[Line], budget: float | None) -> bool | None:
    """Whether the expected cost fits `budget`; None if unknown.

    The mean is used rather than the median, because every run has a few long answers that cost more than the many
    short ones.
    """
    if budget is None:
        return True
    expected = total([line.dollars_mean for line in lines])
    worst = total([0.0 if line.dollars_mean == 0.0 else None if line.machine_price else line.worst for line in lines])
    if expected is not None:
        return expected <= budget
    return True if worst is not None and worst <= budget else None


def _spread(values: list[float]) -> tuple[float, float, float]:
    return quantile(values, 0.5), quantile(values, 0.95), sum(values) / len(values)
