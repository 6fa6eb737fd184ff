"""The arithmetic of a rank's memory beside what the trainer really holds."""

from pathlib import Path

import pytest
from stages.measured_memory import Case, measured

from skyassets.stages.training.parallelism import LayoutOverrides

CASES = {
    "5 million weights": Case(256, 4, 768, 8_192, 256, LayoutOverrides(micro_batch=4)),
    "25 million weights, recomputed": Case(384, 8, 1_152, 24_000, 256, LayoutOverrides(micro_batch=2, recompute=True)),
    "65 million weights": Case(640, 8, 1_920, 40_000, 192, LayoutOverrides(micro_batch=1), accumulation=1),
}


@pytest.mark.real
@pytest.mark.alone
@pytest.mark.parametrize("name", CASES)
def test_the_planned_peak_is_within_15_percent_of_the_measured_one(name: str, tmp_path: Path) -> None:
    planned, _, peak_gb = measured(CASES[name], tmp_path)
    assert planned.memory.total == pytest.approx(peak_gb, rel=0.15)
