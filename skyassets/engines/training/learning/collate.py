"""Micro batches as tensors. Imports torch: only a training process loads this."""

from collections.abc import Sequence

import torch

from skyassets.engines.tokenizing.token_file import TokenExample

IGNORED = -100
"""The label that torch's cross entropy leaves out."""


def padded(examples: Sequence[TokenExample]) -> dict[str, torch.Tensor]:
    """A row an example, padded on the right to the longest, with labels already one token ahead.

    No examples at all make a batch of nothing to learn, for a rank with nothing to do.
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
    """One row of all examples end to end, none of which sees another: their positions begin anew.

    That is how transformers knows where an example begins (`masking_utils.find_packed_sequence_indices`, and the
    variable-length kernels of flash attention), as long as it is given no attention mask.
    """
    if not examples:
        return padded(examples)
    tokens = torch.cat([_tokens(example) for example in examples])
    positions = torch.cat([torch.arange(len(example.tokens)) for example in examples])
    labels = torch.cat([_ahead(example) for example in examples])
    return {"input_ids": tokens[None], "position_ids": positions[None], **_learned(labels[None])}


def shared_row(example: TokenExample | None, width: int) -> dict[str, torch.Tensor]:
    """One example, or nothing to learn, filled up to `width` tokens, with labels where DeepSpeed-Ulysses wants them.

    It cuts every tensor itself and moves the labels one ahead, so they stand at their own token and none is left out.
    """
    row = {"input_ids": torch.zeros(width).long(), "labels": torch.full((width,), IGNORED)}
    if example is not None:
        size, tokens = len(example.tokens), _tokens(example)
        row["input_ids"][:size] = tokens
        row["labels"][1:size] = tokens[1:].where(torch.tensor(example.learned)[1:], IGNORED)
    return {name: values[None] for name, values in (row | {"position_ids": torch.arange(width)}).items()}


def _tokens(example: TokenExample) -> torch.Tensor:
    # A copy: the example's own are the file's.
    return torch.tensor(example.tokens, dtype=torch.long)


def _ahead(example: TokenExample) -> torch.Tensor:
    """What each token of an example should be followed by, as far as that is learned; nothing follows the last."""
    after = _tokens(example)[1:]
    learned = torch.tensor(example.learned)[1:]
    return torch.cat([after.where(learned, IGNORED), torch.tensor([IGNORED])])


def _learned(labels: torch.Tensor) -> dict[str, torch.Tensor]:
    """Labels of the columns that some row learns: the output layer, much of the work, is asked for no others."""
    columns = (labels != IGNORED).any(dim=0).nonzero().flatten()
    columns = columns if len(columns) else torch.tensor([0])
    kept = labels[:, columns]
    return {"logits_to_keep": columns, "labels": kept, "shift_labels": kept}
