"""MBPP: 500 small functions; the prompt shows the tests, because only they contain the function's name."""

from skyassets.core.sources import HubDataset, Source
from skyassets.stages.evaluation.benchmark import Benchmark


def mbpp() -> Benchmark:
    """The test split of the full set."""
    source = Source(
        name="MBPP",
        origin=HubDataset(
            "google-research-datasets/mbpp",
            split="test",
            config="full",
            revision="4bb6404fdc6cacfda99d4ac4205087b89d32030c",
        ),
        licence="CC-BY-4.0",
        domain="code",
        question="text",
        layout="mbpp",
        examples="test_list",
    )
    return Benchmark("MBPP", source)
