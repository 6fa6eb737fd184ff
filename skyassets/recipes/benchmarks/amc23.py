"""AMC23: the 40 problems of AMC 12 2023 with a numeric answer, without their options."""

from skyassets.core.ports import Sampling
from skyassets.core.sources import HubDataset, Source
from skyassets.recipes.benchmarks.pass_at_k import SEVERAL, pass_at
from skyassets.stages.evaluation.benchmark import Benchmark


def amc23(samples: int = 16, sampling: Sampling = SEVERAL) -> Benchmark:
    """Several samples per problem: with one, a problem is worth 2.5 points."""
    source = Source(
        name="AMC23",
        origin=HubDataset("math-ai/amc23", split="test", revision="80815d37005feb82cd7f8fbc6901d5d3eff43057"),
        licence="see the data set",
        ground_truth="answer",
    )
    return Benchmark("AMC23", source, sampling=sampling, samples=samples, k=pass_at(samples))
