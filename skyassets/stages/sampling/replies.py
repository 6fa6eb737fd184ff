"""The result of a set of requests, and its progress."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tally:
    """Progress of the requests, passed to the progress callback. A reply counts once it is durable."""

    done: int
    total: int
    reused: int
    failed: int
    completion_tokens: int
    in_flight: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    """The failed requests by kind."""


@dataclass(frozen=True)
class RequestSummary:
    """The result for a set of wanted completions: all are stored, except those with an error."""

    errors: dict[str, str] = field(default_factory=dict)
    reused: int = 0
    requested: int = 0
    final: frozenset[str] = frozenset()
    """The ids among `errors` that no later run asks again: they were paid for and would fail again."""

    @property
    def unfinished(self) -> int:
        """Errors that the next run asks again."""
        return len(self.errors.keys() - self.final)

    @property
    def metadata(self) -> dict[str, object]:
        """The counts to show on the asset."""
        counts = {"rows reused": self.reused, "rows asked": self.requested, "rows failed": len(self.errors)}
        return {**counts, **({"rows failed for good": len(self.final)} if self.final else {})}


@dataclass(frozen=True)
class Replies(RequestSummary):
    """The result for a set of requests, with the stored completions by id."""

    completions: dict[str, dict[str, object]] = field(default_factory=dict)
