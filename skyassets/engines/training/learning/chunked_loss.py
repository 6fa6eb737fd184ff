"""The output layer fused with its cross entropy, in chunks of tokens, so that a long example's logits never all exist.

At 16,384 tokens and a vocabulary of 152,064, the logits and their gradient would take 20 GB in float32. As in Liger's
fused kernel (arXiv 2410.10989), the gradient is computed in the forward pass, where the logits are available. Unlike
it, this is plain torch, runs anywhere, and stays inside the output layer's own call, so that DeepSpeed gathers a ZeRO-3
weight for it. Imports torch.
"""

from typing import Any

import torch
from torch.nn import functional

from skyassets.core.errors import TrainerError
from skyassets.engines.training.learning.collate import IGNORED

TOKENS_AT_ONCE = 1024
SCALED = ("final_logit_softcapping", "logit_scale", "logits_scaling", "lm_head_multiplier")
"""Config entries with which a model changes its logits after the output layer."""


class _ChunkedLoss(torch.autograd.Function):  # type: ignore[misc]
    """Sum of the cross entropies of `hidden @ weight.T` against `targets`, in nats, as one float32 number."""

    @staticmethod
    def forward(
        ctx: Any, hidden: torch.Tensor, weight: torch.Tensor, targets: torch.Tensor, at_once: int
    ) -> torch.Tensor:
        needs_weight = weight.requires_grad
        grad_hidden = torch.empty_like(hidden)
        one_chunk = len(hidden) <= at_once
        # Sums over several chunks are kept in float32: rounding each to bf16 would bias them.
        sums = None if one_chunk or not needs_weight else torch.zeros_like(weight, dtype=torch.float32)
        grad_weight = None
        loss = hidden.new_zeros((), dtype=torch.float32)
        for start in range(0, len(hidden), at_once):
            some, wanted = hidden[start : start + at_once], targets[start : start + at_once]
            logits = functional.linear(some, weight).float()
            counted = wanted != IGNORED
            wanted = wanted.where(counted, 0)[:, None]
            log_total = torch.logsumexp(logits, dim=-1, keepdim=True)
            loss += ((log_total - logits.gather(1, wanted))[counted]).sum()
            # d loss / d logit = softmax - 1 at the target; zero where the token is not learned.
            probabilities = logits.sub_(log_total).exp_()
            probabilities.scatter_add_(1, wanted, probabilities.new_full(wanted.shape, -1.0))
            gradient = probabilities.mul_(counted[:, None]).to(hidden.dtype)
            torch.mm(gradient, weight, out=grad_hidden[start : start + at_once])
            if sums is not None:
                sums += gradient.T @ some
            elif needs_weight:
                grad_weight = gradient.T @ some
            # Free these before the next chunk allocates its own.
            del logits, probabilities, gradient, log_total
        if sums is not None:
            grad_weight = sums.to(weight.dtype)
        ctx.save_for_backward(grad_hidden, grad_weight)
        return loss

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor | None, None, None]:
        (scale,) = gradients
        grad_hidden, grad_weight = ctx.saved_tensors
        return grad_hidden * scale, None if grad_weight is None else grad_weight * scale, None, None


class HeadLoss:
    """Makes a causal model return its loss without computing all logits. Set `targets` before each forward pass."""

    def __init__(self, model: Any, at_once: int = TOKENS_AT_ONCE) -> None:
        """Replace the output layer of `model`; at most `at_once` tokens have logits at the same time.

        Raises:
            TrainerError: if the model changes its logits after that layer, or the layer has a bias.
        """
        config = model.config.get_text_config()
        scaled = [name for name in SCALED if getattr(config, name, None) not in (None, 1, 1.0)]
        self._head, self._at_once = model.get_output_embeddings(), at_once
        if scaled or getattr(self._head, "bias", None) is not None:
            seen = f"its config's {', '.join(scaled)}" if scaled else "the bias of its output layer"
            raise TrainerError(
                f"the chunked loss does not know {seen}, of {type(model).__name__}; set SKYASSETS_LOSS=plain"
            )
        self.targets: torch.Tensor | None = None
        self._head.forward = self._summed
        model.loss_function = _mean

    def _summed(self, hidden: torch.Tensor) -> torch.Tensor:
        if self.targets is None:
            raise TrainerError("the chunked loss was asked without labels")
        flat = hidden.reshape(-1, hidden.shape[-1])
        targets = self.targets.reshape(-1)
        summed: torch.Tensor = _ChunkedLoss.apply(flat, self._head.weight, targets, self._at_once)
        return summed


def _mean(logits: torch.Tensor, num_items_in_batch: Any, **_: Any) -> torch.Tensor:
    """Replaces the model's loss function: the `logits` it receives are already the sum."""
    return logits / num_items_in_batch
