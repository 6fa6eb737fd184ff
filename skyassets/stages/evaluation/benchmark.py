"""The declaration of a benchmark."""

from dataclasses import dataclass
from typing import ClassVar

from skyassets.core.ports import Sampling
from skyassets.core.sources import Source


@dataclass(frozen=True)
class Benchmark:
    """A named held-out set of problems, with optional overrides of the evaluation's settings.

    Every model is measured with the same prompt, sampling and number of samples.
    """

    identity_name: ClassVar[str] = "Benchmark"
    name: str
    source: Source
    prompt: str = ""
    """Template with {question} and {starter_code}; empty for the evaluation's prompt of the domain."""
    sampling: Sampling | None = None
    """None for the evaluation's sampling."""
    samples: int | None = None
    """Samples per item; None for the evaluation's number."""
    k: tuple[int, ...] = ()
    """The k of each pass@k to report, at most the number of samples; pass@1, the mean, is always reported."""
    metric: str = "strict accuracy"
    """The headline metric of the report."""
