"""GPQA-Diamond: 198 questions in biology, chemistry and physics that cannot be answered by a web search. Gated."""

from skyassets.core.ports import Sampling
from skyassets.core.sources import HubDataset, Source
from skyassets.recipes.benchmarks.pass_at_k import LETTER, SEVERAL, pass_at
from skyassets.stages.evaluation.benchmark import Benchmark


def gpqa_diamond(samples: int = 4, sampling: Sampling = SEVERAL) -> Benchmark:
    """Several samples per question: with one, sampling noise alone moves the score by about 3 points."""
    source = Source(
        name="gpqa_diamond",
        origin=HubDataset(
            "Idavidrein/gpqa",
            split="train",
            config="gpqa_diamond",
            revision="633f5ee89ab8ad4522a9f850766b73f62147ffdd",
        ),
        licence="CC-BY-4.0",
        domain="science",
        question="Question",
        ground_truth="Correct Answer",
        wrong_options=("Incorrect Answer 1", "Incorrect Answer 2", "Incorrect Answer 3"),
        family="High-level domain",
    )
    return Benchmark("GPQA-Diamond", source, prompt=LETTER, sampling=sampling, samples=samples, k=pass_at(samples))
