"""Converts micro-batches to tensors. Imports torch: only a training process imports this module."""

import itertools
from collections.abc import Sequence

import torch

from skyassets.engines.tokenizing.token_file import TokenExample

IGNORED = -100
"""The label that torch's cross entropy ignores."""


def padded(examples: Sequence[TokenExample]) -> dict[str, torch.Tensor]:
    """Return one row per example, padded on the right to the longest, with labels already shifted by one token.

    Without examples, return a batch with nothing to learn, for a rank that has no work.
    """
    width = max((len(example.tokens) for example in examples), default=2)
    shape = (max(len(examples), 1), width)
    tokens, attended, labels = (torch.full(shape, fill) for fill in (0, 0, IGNORED))
    for row, example in enumerate(examples):
        size = len(example.tokens)
        tokens[row, :size] = _tokens(example)
        attended[row, :size] = 1
        labels[row, :size] = _ahead(example)
    if not examples:
        attended[:] = 1
    return {"input_ids": tokens, "attention_mask": attended, **_learned(labels)}


def packed_row(examples: Sequence[TokenExample]) -> dict[str, torch.Tensor]:
    """Return one row with all examples concatenated. They do not attend to each other: positions restart at each one.

    transformers finds the examples' boundaries by the positions (`masking_utils.find_packed_sequence_indices`, and the
    variable-length kernels of flash attention), as long as it gets no attention mask.
    """
    if not examples:
        return padded(examples)
    tokens = torch.cat([_tokens(example) for example in examples])
    positions = torch.cat([torch.arange(len(example.tokens)) for example in examples])
    labels = torch.cat([_ahead(example) for example in examples])
    return {"input_ids": tokens[None], "position_ids": positions[None], **_learned(labels[None])}


def separate_row(examples: Sequence[TokenExample]) -> dict[str, torch.Tensor]:
    """Return the row of `packed_row` with the offsets of its examples, for `separate_attention`."""
    row = packed_row(examples)
    sizes = [len(example.tokens) for example in examples] or [row["input_ids"].shape[1]]
    return {**row, "cu_seq_lens_q": torch.tensor([0, *itertools.accumulate(sizes)])}


def shared_row(example: TokenExample | None, width: int) -> dict[str, torch.Tensor]:
    """Return one example (or nothing to learn), padded to `width` tokens, with labels for DeepSpeed-Ulysses.

    DeepSpeed splits the tensors and shifts the labels itself, so labels are neither shifted nor left out here.
    """
    row = {"input_ids": torch.zeros(width).long(), "labels": torch.full((width,), IGNORED)}
    if example is not None:
        size, tokens = len(example.tokens), _tokens(example)
        row["input_ids"][:size] = tokens
        row["labels"][1:size] = tokens[1:].where(torch.tensor(example.learned)[1:], IGNORED)
    return {name: values[None] for name, values in (row | {"position_ids": torch.arange(width)}).items()}


def _tokens(example: TokenExample) -> torch.Tensor:
    # A copy: the example's own array belongs to the file.
    return torch.tensor(example.tokens, dtype=torch.long)


def _ahead(example: TokenExample) -> torch.Tensor:
    """Return the next token for each position, ignored where it is not learned and at the last position."""
    after = _tokens(example)[1:]
    learned = torch.tensor(example.learned)[1:]
    return torch.cat([after.where(learned, IGNORED), torch.tensor([IGNORED])])


def _learned(labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the labels of the columns that some row learns: the output layer, which is costly, skips all others."""
    columns = (labels != IGNORED).any(dim=0).nonzero().flatten()
    columns = columns if len(columns) else torch.tensor([0])
    selected = labels[:, columns]
    return {"logits_to_keep": columns, "labels": selected, "shift_labels": selected}
