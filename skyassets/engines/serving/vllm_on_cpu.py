"""vLLM's API server on a CPU, with a faster top-p: `python -m skyassets.engines.serving.vllm_on_cpu ARGUMENT...`.

vLLM sorts the whole vocabulary for every token, which on two cores takes a third of a small model's time. The nucleus
is almost always among the most likely tokens, so only these are sorted; otherwise vLLM's own function is called. Both
keep the same tokens. vLLM's engine process imports this module too: `multiprocessing` imports the main module again.
"""

import runpy
from typing import Any

from vllm.v1.sample.ops import topk_topp_sampler

LIKELIEST = 1024
"""Tokens that are sorted."""
vllms_own: Any = getattr(topk_topp_sampler, "apply_top_k_top_p", None)


def apply_top_k_top_p(logits: Any, k: Any, p: Any) -> Any:
    """Set the logits of tokens outside the nucleus to minus infinity, in place; `k` and `p` are per row, or None."""
    if k is not None or p is None or logits.shape[-1] <= LIKELIEST:
        return vllms_own(logits, k, p)
    likeliest = logits.topk(LIKELIEST, dim=-1).values
    shares = (likeliest - logits.logsumexp(dim=-1, keepdim=True)).exp_()
    above = shares.cumsum(dim=-1) - shares
    inside = above < p[:, None]
    inside[:, 0] = True
    if bool(inside[:, -1].any()):
        return vllms_own(logits, k, p)
    least = likeliest.gather(1, inside.sum(dim=-1, keepdim=True) - 1)
    return logits.masked_fill_(logits < least, -float("inf"))


if vllms_own:
    topk_topp_sampler.apply_top_k_top_p = apply_top_k_top_p

if __name__ == "__main__":
    runpy.run_module("vllm.entrypoints.openai.api_server", run_name="__main__", alter_sys=True)
