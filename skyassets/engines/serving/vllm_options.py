"""How vLLM uses a machine: the number of servers, their size and their flags. Nothing here affects a row's id."""

import re
from dataclasses import dataclass

from skyassets.core.identity import digest

DTYPES = ("auto", "bfloat16", "float16", "float32", "half", "float")

_IDS = "it changes what is asked or answered, and no row's id would tell"
_OURS = "the engine chooses it itself"
_SEEN_BY_OTHERS = "words of a command line can be read by others on the machine: export secrets as variables"
_THOUGHT = "it takes the thought out of the text, and the rows would be without it"

FIXED = {
    "--seed": _IDS,
    "--generation-config": _IDS,
    "--override-generation-config": _IDS,
    "--chat-template": _IDS,
    "--default-chat-template-kwargs": _IDS,
    "--tokenizer": _IDS,
    "--tokenizer-mode": _IDS,
    "--tokenizer-revision": _IDS,
    "--skip-tokenizer-init": _IDS,
    "--chat-template-content-format": _IDS,
    "--code-revision": _IDS,
    "--hf-overrides": _IDS,
    "--hf-config-path": _IDS,
    "--model-class-overrides": _IDS,
    "--disable-sliding-window": _IDS,
    "--quantization": _IDS,
    "-q": _IDS,
    "--quantization-config": _IDS,
    "--kv-cache-dtype": _IDS,
    "--kv-cache-dtype-skip-layers": _IDS,
    "--calculate-kv-scales": _IDS,
    "--mamba-cache-dtype": _IDS,
    "--mamba-ssm-cache-dtype": _IDS,
    "--enable-mamba-cache-stochastic-rounding": _IDS,
    "--use-fp64-gumbel": _IDS,
    "--watermark-config": _IDS,
    "--enable-lora": _IDS,
    "--lora-modules": _IDS,
    "--logits-processors": _IDS,
    "--reasoning-parser": _THOUGHT,
    "--reasoning-parser-plugin": _THOUGHT,
    "--structured-outputs-config": "it can name a reasoning parser, which takes the thought out of the text",
    "--config": "a file of flags cannot be looked through: give the flags themselves",
    "--model": "the recipe says it",
    "--served-model-name": "the recipe says it",
    "--revision": "the recipe says it",
    "--host": _OURS,
    "--port": _OURS,
    "--uds": _OURS,
    "--root-path": _OURS,
    "--api-key": _SEEN_BY_OTHERS,
    "--hf-token": "export HF_TOKEN",
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
"""Flags of `vllm serve` that cannot be passed as extra flags, and why."""

_SECRETS = re.compile(r"[-_.]((?<!per.)token|secret|password|passwd|key|key[-_]id|keyfile|auth)$")
"""Endings of flags that hold a secret, also of keys inside JSON flags."""

PLAIN = frozenset(
    (
        *DTYPES, "true", "false", "none", "bf16", "fp16", "fp32", "fp8", "fp8_e4m3", "fp8_e5m2", "int8", "int4",
        "mxfp4", "nvfp4", "awq", "gptq", "gguf", "bitsandbytes", "safetensors", "pt", "runai_streamer", "tensorizer",
        "sharded_state", "fastsafetensors", "lazy", "prefetch", "ngram", "eagle", "eagle3", "medusa", "mtp", "mp",
        "draft_model", "ray", "uni", "external_launcher", "fcfs", "priority", "cpu", "cuda", "vllm", "transformers",
        "full", "piecewise", "flash_attn", "flashinfer", "triton_attn", "sha256", "xxhash",
    )
)  # fmt: skip
"""Values that reveal nothing private: number formats, and names of methods and backends."""
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+|[kKmMgG])?")
_FLAG = re.compile(r"--[A-Za-z][\w.-]*|-[A-Za-z]{1,3}\d?(\.[\w.-]+)?")
SHOWN = 8
"""Length of the digest shown for a value."""

WHOLE = ("--watermark",)
"""Flags in their own right that look like a prefix of a fixed flag."""


@dataclass(frozen=True)
class VllmOptions:
    """The number of servers, and their flags."""

    replicas: int = 1
    """Servers of the same model, which share the requests."""
    tensor_parallel: int = 1
    """GPUs per server."""
    dtype: str | None = None
    """Of the weights; if None, the model's own."""
    max_model_len: int | None = None
    """Longest prompt and completion together; if None, the model's own limit."""
    memory_share: float | None = None
    """Share of each GPU's memory (None: vLLM's default), or of the CPU machine's per server (None: 0.3 for all)."""
    extra: tuple[str, ...] = ()
    """Extra flags of `vllm serve`."""


def refused(words: tuple[str, ...]) -> str:
    """Return why `words` cannot be extra flags; empty if they can. Values are left out: they may be secrets."""
    for word, following in zip(words, (*words[1:], ""), strict=False):
        # One key of a flag's JSON can be set by itself: --hf-overrides.vocab_size=7.
        name, _, value = word.partition("=")
        flag = name.partition(".")[0]
        flag = flag.replace("_", "-") if flag.startswith("--") else flag
        if flag in WHOLE:
            continue
        spelled = [flag] if flag in FIXED else [fixed for fixed in FIXED if _spells(flag, fixed)]
        if spelled:
            return f"{name} is not for here: {FIXED[spelled[0]]}"
        if _is_secret(name):
            return f"{name} is not for here: {_SEEN_BY_OTHERS}"
        if _spells(flag, "--load-format") and (value or following).lower() == "dummy":
            return f"{name} is not for here with dummy: the weights would be random"
    return ""


def publishable(words: tuple[str, ...]) -> str:
    """Return extra flags in a form safe to publish: names, and values only if they are numbers or known words.

    Any other value (a folder, a host, a person's name, JSON) becomes a short digest, which only shows that it changed.
    """
    safe = []
    for word in words:
        name, equals, value = word.partition("=")
        is_flag = _FLAG.fullmatch(name) is not None
        safe.append(f"{name}{equals}{_value(value) if equals else ''}" if is_flag else _value(word))
    return " ".join(safe)


def _value(text: str) -> str:
    is_plain = _NUMBER.fullmatch(text) or text.lower() in PLAIN
    return text if is_plain else f"digest:{digest(text)[:SHOWN]}"


def _is_secret(name: str) -> bool:
    """Whether the flag's name ends like that of a secret. Option values are not checked."""
    return _SECRETS.search(name.lower()) is not None


def _spells(flag: str, fixed: str) -> bool:
    """Whether vLLM's parser can take `flag` for `fixed`.

    It accepts an unambiguous prefix of a long flag, and a short flag with its value attached.
    """
    if fixed.startswith("--"):
        return len(flag) > len("--") and fixed.startswith(flag)
    is_short = len(flag) > len("-") and flag.startswith("-") and not flag.startswith("--")
    return is_short and (fixed.startswith(flag) or flag.startswith(fixed))
