"""MMLU-Pro: 12,032 questions in 14 fields, with up to ten options each."""

from skyassets.core.sources import HubDataset, Source
from skyassets.recipes.benchmarks.pass_at_k import LETTER
from skyassets.stages.evaluation.benchmark import Benchmark


def mmlu_pro() -> Benchmark:
    """The test split."""
    source = Source(
        name="MMLU-Pro",
        origin=HubDataset("TIGER-Lab/MMLU-Pro", split="test", revision="b189ec765aa7ed75c8acfea42df31fdae71f97be"),
        licence="MIT",
        domain="science",
        ground_truth="answer",
        options="options",
        family="category",
    )
    return Benchmark("MMLU-Pro", source, prompt=LETTER)
