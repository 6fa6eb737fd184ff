"""How several benchmarks are asked alike: the prompt of a multiple choice, and the sampling of small sets."""

from skyassets.core.ports import Sampling

LETTER = "{question}\n\nReason step by step, and put the letter of your answer within \\boxed{}."
"""The prompt of a multiple choice."""

SEVERAL = Sampling(temperature=0.6, top_p=0.95, max_tokens=16_384)
"""How several samples of an item are drawn: at temperature 0 they would all be the first."""


def told(samples: int) -> tuple[int, ...]:
    """The k of the pass@k that are told of so many samples."""
    return tuple(k for k in (4, 16) if k <= samples)
