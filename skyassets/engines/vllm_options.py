"""How vLLM uses a machine: how many servers, how large each, with which flags. Nothing here is part of a row."""

from dataclasses import dataclass

DTYPES = ("auto", "bfloat16", "float16", "float32", "half", "float")

_IDS = "it changes what is asked or answered, and no row's id would tell"
_OURS = "the engine chooses it itself"

FIXED = {
    "--seed": _IDS,
    "--generation-config": _IDS,
    "--override-generation-config": _IDS,
    "--chat-template": _IDS,
    "--default-chat-template-kwargs": _IDS,
    "--tokenizer": _IDS,
    "--lora-modules": _IDS,
    "--logits-processors": _IDS,
    "--reasoning-parser": "it takes the thought out of the text, and the rows would be without it",
    "--config": "a file of flags cannot be looked through: give the flags themselves",
    "--model": "the recipe says it",
    "--served-model-name": "the recipe says it",
    "--revision": "the recipe says it",
    "--host": _OURS,
    "--port": _OURS,
    "--uds": _OURS,
    "--root-path": _OURS,
    "--api-key": _OURS,
    "--ssl-keyfile": _OURS,
    "--ssl-certfile": _OURS,
    "--max-num-seqs": "set SKYASSETS_CONCURRENCY",
    "--tensor-parallel-size": "set SKYASSETS_TENSOR_PARALLEL",
    "-tp": "set SKYASSETS_TENSOR_PARALLEL",
    "--pipeline-parallel-size": "set SKYASSETS_TENSOR_PARALLEL",
    "-pp": "set SKYASSETS_TENSOR_PARALLEL",
    "--data-parallel-size": "set SKYASSETS_REPLICAS",
    "-dp": "set SKYASSETS_REPLICAS",
    "--dtype": "set SKYASSETS_DTYPE",
    "--max-model-len": "set SKYASSETS_MAX_MODEL_LEN",
    "--gpu-memory-utilization": "set SKYASSETS_MEMORY_SHARE",
}
"""Flag of `vllm serve` to the reason why it cannot be among the extra ones."""


@dataclass(frozen=True)
class VllmOptions:
    """How many servers, and what each is given."""

    replicas: int = 1
    """Servers of the same model, which share the requests."""
    tensor_parallel: int = 1
    """GPUs that one server spreads over."""
    dtype: str | None = None
    """Of the weights; the model's own without it."""
    max_model_len: int | None = None
    """Longest prompt and completion together; the model's own limit without it."""
    memory_share: float | None = None
    """Of each GPU's memory (vLLM's default without it), or of the machine's for each server (0.3 for all of them)."""
    extra: tuple[str, ...] = ()
    """More flags of `vllm serve`."""


def refused(words: tuple[str, ...]) -> str:
    """Why `words` cannot be extra flags; empty when they can."""
    for word in words:
        flag = word.partition("=")[0].replace("_", "-") if word.startswith("--") else word.partition("=")[0]
        # vLLM's parser takes a flag's beginning for the flag, as long as only one begins so.
        for fixed, reason in FIXED.items():
            is_long_beginning = fixed.startswith("--") and len(flag) > len("--") and fixed.startswith(flag)
            if flag == fixed or is_long_beginning:
                return f"{word} is not for here: {reason}"
    return ""
