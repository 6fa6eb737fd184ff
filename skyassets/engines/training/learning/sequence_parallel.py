"""Sequence parallelism: several ranks share a row (DeepSpeed-Ulysses, arXiv 2309.14509), if it is too long for one GPU.

Every rank loads its own row. The ranks of a group then process these rows one after the other, each rank a part of the
tokens, and exchange heads for tokens around the attention. Imports torch.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch

from skyassets.core.training.spec import Layout
from skyassets.core.training.steps import MicroBatch
from skyassets.engines.tokenizing.token_file import TokenFile
from skyassets.engines.training.learning.collate import shared_row

Item = tuple[MicroBatch, int]
"""A micro-batch and the width of its row."""


class SharedRows(Sequence[Item]):
    """Micro-batches of one example each, with the widths of their rows.

    The ranks exchange rows in rounds, so all rows of a round have the same width.
    """

    def __init__(self, batches: Sequence[MicroBatch], lengths: Sequence[int], layout: Layout) -> None:
        sizes = [sum(lengths[index] for index in batch) for batch in batches]
        parts = layout.sequence_parallel
        self._items: list[Item] = []
        for start in range(0, len(batches), layout.ranks):
            widest = max(2, *sizes[start : start + layout.ranks])
            width = parts * math.ceil(widest / parts)
            self._items += [(batch, width) for batch in batches[start : start + layout.ranks]]

    def __len__(self) -> int:
        return len(self._items)

    def __getitem__(self, index: Any) -> Any:
        """Return one micro-batch, or several for a slice."""
        return self._items[index]

    def row(self, item: Item, tokens: TokenFile) -> dict[str, torch.Tensor]:
        """Return the micro-batch as one row."""
        batch, width = item
        return shared_row(tokens[batch[0]] if batch else None, width)


def sharing(layout: Layout) -> Any:
    """Return accelerate's parallelism config, or None if ranks do not share rows."""
    if layout.sequence_parallel == 1:
        return None
    from accelerate.parallelism_config import DeepSpeedSequenceParallelConfig, ParallelismConfig

    handler = DeepSpeedSequenceParallelConfig(sp_seq_length_is_variable=True, sp_attn_implementation=layout.attention)
    return ParallelismConfig(sp_backend="deepspeed", sp_size=layout.sequence_parallel, sp_handler=handler)
