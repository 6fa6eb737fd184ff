"""MATH500: 500 competition problems in seven subjects and five levels."""

from skyassets.core.sources import HubDataset, Source
from skyassets.stages.evaluation.benchmark import Benchmark


def math500() -> Benchmark:
    """One sample per problem: with 500 items, the number of items dominates the interval's width."""
    source = Source(
        name="MATH500",
        origin=HubDataset("HuggingFaceH4/MATH-500", split="test", revision="6e4ed1a2a79af7d8630a6b768ec859cb5af4d3be"),
        licence="MIT",
        question="problem",
        ground_truth="answer",
        family="subject",
        level="level",
    )
    return Benchmark("MATH500", source)
