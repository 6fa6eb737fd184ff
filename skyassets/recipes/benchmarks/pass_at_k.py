"""Settings shared by several benchmarks: the multiple-choice prompt, and the sampling of small sets."""

from skyassets.core.ports import Sampling

LETTER = "{question}\n\nReason step by step, and put the letter of your answer within \\boxed{}."
"""The prompt of multiple-choice questions."""

SEVERAL = Sampling(temperature=0.6, top_p=0.95, max_tokens=16_384)
"""Sampling for several samples per item; at temperature 0 they would all be equal."""


def pass_at(samples: int) -> tuple[int, ...]:
    """Which pass@k to report for n samples."""
    return tuple(k for k in (4, 16) if k <= samples)
