"""OlympiadBench: olympiad problems with a final answer, by default the 674 text-only ones of mathematics in English."""

from skyassets.core.sources import HubDataset, Source
from skyassets.stages.evaluation.benchmark import Benchmark

MATHS_EN = "OE_TO_maths_en_COMP"
"""OE: open-ended, TO: text only. Rows of multimodal subsets (MM in the name) need images, and are set aside."""
IMAGES = tuple(f"image_{number}" for number in range(1, 10))


def olympiadbench(subset: str = MATHS_EN) -> Benchmark:
    """One of its subsets with final answers, by its name on the Hub."""
    name = "OlympiadBench (maths, EN)" if subset == MATHS_EN else f"OlympiadBench ({subset})"
    source = Source(
        name=name,
        origin=HubDataset(
            "Hothan/OlympiadBench", split="train", config=subset, revision="91184b52131e7fc9455fef848035173aea8cc01a"
        ),
        licence="Apache-2.0",
        ground_truth="final_answer",
        images=IMAGES,
        family="subfield",
    )
    return Benchmark(name, source)
