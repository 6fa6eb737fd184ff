"""AIME: 30 problems a year, each with an integer from 0 to 999 as its answer."""

from skyassets.core.ports import Sampling
from skyassets.core.sources import HubDataset, Source
from skyassets.recipes.benchmarks.pass_at_k import SEVERAL, pass_at
from skyassets.stages.evaluation.benchmark import Benchmark

SAMPLES = 16
"""With one sample, a problem is worth 3.3 points and sampling noise alone moves the score by about 7. With 16 samples
it moves by less than 2, little beside the uncertainty of 30 problems, at the cost of MATH500.
"""


def aime_2024(samples: int = SAMPLES, sampling: Sampling = SEVERAL) -> Benchmark:
    """The two rounds of 2024."""
    origin = HubDataset("HuggingFaceH4/aime_2024", split="train", revision="2fe88a2f1091d5048c0f36abc874fb997b3dd99a")
    return _aime("AIME 2024", origin, samples, sampling)


def aime_2025(samples: int = SAMPLES, sampling: Sampling = SEVERAL) -> Benchmark:
    """The two rounds of 2025."""
    origin = HubDataset("math-ai/aime25", split="test", revision="563bb8404243c5f09de6ec262f2db674fe5bce9b")
    return _aime("AIME 2025", origin, samples, sampling)


def _aime(name: str, origin: HubDataset, samples: int, sampling: Sampling) -> Benchmark:
    source = Source(name, origin, licence="see the data set", question="problem", ground_truth="answer")
    return Benchmark(name, source, sampling=sampling, samples=samples, k=pass_at(samples))
