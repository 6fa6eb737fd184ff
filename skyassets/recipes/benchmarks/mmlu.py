"""MMLU: 14,042 questions in 57 subjects, with four options each."""

from skyassets.core.sources import HubDataset, Source
from skyassets.recipes.benchmarks.pass_at_k import LETTER
from skyassets.stages.evaluation.benchmark import Benchmark


def mmlu(subject: str = "all") -> Benchmark:
    """All subjects, or one by its name on the Hub (`abstract_algebra`)."""
    name = "MMLU" if subject == "all" else f"MMLU ({subject})"
    source = Source(
        name="MMLU",
        origin=HubDataset(
            "cais/mmlu", split="test", config=subject, revision="c30699e8356da336a370243923dbaf21066bb9fe"
        ),
        licence="MIT",
        domain="science",
        ground_truth="answer",
        options="choices",
        family="subject",
    )
    return Benchmark(name, source, prompt=LETTER)
