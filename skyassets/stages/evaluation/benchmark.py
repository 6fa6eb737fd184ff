"""A benchmark, declared."""

from dataclasses import dataclass
from typing import ClassVar

from skyassets.core.ports import Sampling
from skyassets.core.sources import Source


@dataclass(frozen=True)
class Benchmark:
    """A named held-out set of problems, and how it is asked and scored where it wants more than the evaluation says.

    Who is measured has no say in it: prompt, sampling and samples are the same for all.
    """

    identity_name: ClassVar[str] = "Benchmark"
    name: str
    source: Source
    prompt: str = ""
    """With {question} and {starter_code} in it; empty for the evaluation's prompt of the domain."""
    sampling: Sampling | None = None
    """None for the evaluation's."""
    samples: int | None = None
    """Samples of each item; None for the evaluation's."""
    k: tuple[int, ...] = ()
    """The k of the pass@k that are told, each at most the samples; 1 is the mean over samples and always told."""
    metric: str = "strict accuracy"
    """The metric that heads the report."""
