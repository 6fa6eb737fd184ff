"""The forecast: what a run would ask now, and from a sample of calls, what that takes and costs.

What would be asked is found by the stages themselves, with a completer that counts where it would ask.
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
from skyassets.stages.sampling.completions import Asked, Completer
from skyassets.stages.sampling.usage import Usage, quantile

UNASKED = "not asked: only counted"
HOUR = 3600.0


@dataclass
class Counting:
    """Counts what would be asked, and remembers some of it."""

    price: Price
    keep: int = 0
    """How many requests to remember: a sample that is the same each time, and of no one part of them."""
    is_by_conversation: bool = False
    """Whether a second request with the same messages is another try at the first, and not counted."""
    calls: int = 0
    worst: float = 0.0
    """Dollars, if every answer were as long as it may be."""
    _kept: list[tuple[int, Request]] = field(default_factory=list)
    _seen: set[str] = field(default_factory=set)

    def count(self, request: Request) -> None:
        """Take in a request that would be asked."""
        if not self._is_new(request):
            return
        self.calls += 1
        self.worst += self.price.worst(request)
        # Ids are digests: those with the smallest are a random sample, and the heap gives up the largest.
        heapq.heappush(self._kept, (-int(request.id, 16), request))
        if len(self._kept) > self.keep:
            heapq.heappop(self._kept)

    @property
    def sample(self) -> list[Request]:
        """The remembered requests."""
        return [request for _, request in sorted(self._kept, reverse=True)]

    def _is_new(self, request: Request) -> bool:
        if not self.is_by_conversation:
            return True
        conversation = digest(request.messages)
        is_new = conversation not in self._seen
        self._seen.add(conversation)
        return is_new


class NoServing:
    """Keeps the `ModelProvider` port where nobody is to be asked."""

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        """Refuse."""
        raise ServerError(f"{model} was to be asked while its calls were only counted: please report this")
        yield


@dataclass(frozen=True)
class Counter(Completer):
    """Gets what is stored, and counts the rest instead of asking for it."""

    counting: Counting = field(default_factory=lambda: Counting(FREE))

    def ensure(self, model: Model, ids: Sequence[str], request_of: Callable[[str], Request]) -> Asked:
        """What of `ids` is stored; the others have an error."""
        stored = self.rows.index(ids).stored
        missing = [key for key in dict.fromkeys(ids) if key not in stored]
        for key in missing:
            self.counting.count(request_of(key))
        reused = len(set(ids)) - len(missing)
        return self._billed(model, ids, Asked(dict.fromkeys(missing, UNASKED), reused, len(missing)))


@dataclass(frozen=True)
class Lengths:
    """How long calls are, in tokens: the median, the 95th percentile and the mean."""

    calls: int
    """How many calls that was seen in."""
    prompt: tuple[float, float, float]
    completion: tuple[float, float, float]


@dataclass(frozen=True)
class Line:
    """What one role of an asset would ask now, and what that takes. None is what nobody knows."""

    asset: str
    role: str
    model: str
    stored: int
    """Completions that are there already."""
    calls: int
    price: Price
    worst: float | None = None
    """Dollars if every answer were as long as it may be."""
    lengths: Lengths | None = None
    tokens_per_second: float | None = None
    machine_price: float = 0.0
    """Dollars an hour of the servers of our own that would run; 0 for somebody else's."""
    note: str = ""

    @property
    def tokens(self) -> float | None:
        """Prompt and completion tokens of all calls, by the mean."""
        if self.lengths is None:
            return None if self.calls else 0.0
        return self.calls * (self.lengths.prompt[2] + self.lengths.completion[2])

    @property
    def hours(self) -> float | None:
        """By the mean length and the measured rate."""
        return self._hours(2)

    @property
    def dollars_p50(self) -> float | None:
        """If every call were as long as the median one."""
        return self._dollars(0)

    @property
    def dollars_p95(self) -> float | None:
        """If every call were as long as the 95th of a hundred."""
        return self._dollars(1)

    @property
    def dollars_mean(self) -> float | None:
        """What is to be expected."""
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
    """How long the calls of a bill were; None without one."""
    if not usage.lengths:
        return None
    return Lengths(len(usage.lengths), _spread(list(usage.prompts)), _spread(list(usage.lengths)))


def rewriters(teacher: Lengths, prompt: int) -> Lengths:
    """What a rewriter's calls will be like: it reads a trace and `prompt` tokens more, and writes the trace again."""
    read = tuple(length + prompt for length in teacher.completion)
    return Lengths(teacher.calls, (read[0], read[1], read[2]), teacher.completion)


def rate(completions: pl.DataFrame) -> float | None:
    """Completion tokens a second, in the run of which most is known; None where nothing was measured."""
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
    """The sum; None when a part of it is not known."""
    known = [part for part in parts if part is not None]
    return sum(known) if len(known) == len(parts) else None


def fits(lines: Sequence[Line], budget: float | None) -> bool | None:
    """Whether what is to be expected, by the mean, keeps to `budget`; None when nobody can tell.

    The median does not tell: a few long answers cost more than the many short ones, and they come in every run.
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
