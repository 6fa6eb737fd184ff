"""Attention over a row of concatenated examples, one example at a time. Imports transformers.

No example attends to another, as with a mask, but without computing what the mask would remove. Together with
`collate.separate_row` it leaves nothing to pad. On a GPU, many small kernels would cost more than padding does.
"""

from typing import Any

import torch
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

NAME = "separate"
WINDOWS = ("sliding_window", "attention_chunk_size")
"""Config entries with which a model limits how far a token sees, which needs a mask."""


def separate_examples(model: Any) -> bool:
    """Make `model` attend to each example separately, if it can; return whether it does.

    Its inputs then need `cu_seq_lens_q`, the offsets of the examples in the row.
    """
    config = model.config.get_text_config()
    if any(getattr(config, name, None) is not None for name in WINDOWS) or not model._supports_attention_backend:
        return False
    ALL_ATTENTION_FUNCTIONS.register(NAME, _attention)
    ALL_MASK_ATTENTION_FUNCTIONS.register(NAME, _no_mask)
    model.set_attn_implementation(NAME)
    return True


def _attention(
    module: Any,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: None,
    cu_seq_lens_q: torch.Tensor,
    **words: Any,
) -> tuple[torch.Tensor, None]:
    """Attend within each example; the tensors are (1, heads, tokens, size of a head)."""
    sizes = cu_seq_lens_q.diff().tolist()
    pieces = zip(*(tensor.split(sizes, dim=2) for tensor in (query, key, value)), strict=True)
    return torch.cat([sdpa_attention_forward(module, *piece, None, **words)[0] for piece in pieces], dim=1), None


def _no_mask(*_: Any, **__: Any) -> None:
    """Return no mask: an example is all that its tokens see."""
