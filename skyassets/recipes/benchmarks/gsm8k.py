"""GSM8K: 1,319 grade-school word problems."""

from skyassets.core.sources import HubDataset, Source
from skyassets.stages.evaluation.benchmark import Benchmark


def gsm8k() -> Benchmark:
    """The test split; the answer follows the `####` marker of the worked solution."""
    source = Source(
        name="GSM8K",
        origin=HubDataset(
            "openai/gsm8k", split="test", config="main", revision="740312add88f781978c0658806c59bc2815b9866"
        ),
        licence="MIT",
        ground_truth="answer",
        truth_after="####",
    )
    return Benchmark("GSM8K", source)
