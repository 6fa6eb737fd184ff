"""One run of the race in `training.py`, in a process of its own: a random base, our trainer, or a bare loop.

What it measured goes into `measured.json` of the job's folder, also when the run fails.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

CHUNK = 1024
"""Tokens whose logits exist at a time."""
BETAS, EPSILON = (0.9, 0.95), 1e-8


def base(folder: Path, config: str) -> None:
    """Write a Qwen2 of this shape with random weights. On the GPU, where drawing 7 billion of them takes a second."""
    from transformers import Qwen2Config, Qwen2ForCausalLM

    torch.manual_seed(0)
    torch.set_default_dtype(torch.bfloat16)
    with torch.device(_device()):
        model = Qwen2ForCausalLM(Qwen2Config(**json.loads(config)))
    model.save_pretrained(folder)


def ours(job: Path) -> int:
    """The process that `checkpoint` starts, as it is."""
    from skyassets.engines.training.worker import main

    sys.argv = ["training_run", str(job)]
    with _measured(job):
        return main()


def bare(job: Path) -> int:
    """The same steps without a framework: the ceiling, and what runs where DeepSpeed is not installed.

    Weights in bf16 with float32 master weights and moments. Each weight is updated as soon as its gradient is there,
    inside the backward pass, so a step is one row and the gradients never exist all at once.
    """
    from transformers import AutoModelForCausalLM

    asked = json.loads((job / "bare.json").read_text())
    model = AutoModelForCausalLM.from_pretrained(
        asked["base"], dtype=torch.bfloat16, attn_implementation=asked["attention"], local_files_only=True
    ).to(_device())
    model.train()
    model.gradient_checkpointing_enable({"use_reentrant": False})
    for weight in model.parameters():
        _update_in_backward(weight, asked["learning_rate"])
    draw = torch.Generator().manual_seed(0)
    with _measured(job), (job / "curve.jsonl").open("w") as curve:
        for number in range(1, asked["steps"] + 1):
            began = time.perf_counter()
            words = torch.randint(model.config.vocab_size, (1, asked["length"]), generator=draw).to(_device())
            hidden = model.model(input_ids=words, use_cache=False).last_hidden_state[0]
            loss = _chunked(hidden[:-1], model.lm_head.weight, words[0, 1:])
            loss.backward()
            told = loss.item()  # waits for the device
            seconds = time.perf_counter() - began
            line = {"step": number, "loss": told, "tokens": asked["length"], "seconds": seconds}
            curve.write(json.dumps(line | {"memory_gb": None}) + "\n")
    return 0


def _chunked(hidden: torch.Tensor, weight: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    def some(part: torch.Tensor, words: torch.Tensor) -> torch.Tensor:
        return functional.cross_entropy(functional.linear(part, weight).float(), words, reduction="sum")

    pieces = zip(hidden.split(CHUNK), wanted.split(CHUNK), strict=True)
    return sum(checkpoint(some, *piece, use_reentrant=False) for piece in pieces) / len(wanted)


def _update_in_backward(weight: torch.Tensor, rate: float) -> None:
    """AdamW without decay, in float32, in place, as soon as autograd has the weight's whole gradient."""
    master = weight.detach().float().clone()
    first, second = torch.zeros_like(master), torch.zeros_like(master)
    taken = 0

    def update(found: torch.Tensor) -> None:
        nonlocal taken
        taken += 1
        gradient = found.grad.float()
        first.lerp_(gradient, 1 - BETAS[0])
        second.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
        scale = (second / (1 - BETAS[1] ** taken)).sqrt_().add_(EPSILON)
        master.addcdiv_(first, scale, value=-rate / (1 - BETAS[0] ** taken))
        found.data.copy_(master)
        found.grad = None

    weight.register_post_accumulate_grad_hook(update)


@contextmanager
def _measured(job: Path) -> Iterator[None]:
    try:
        yield
    finally:
        on_gpu = torch.cuda.is_available()
        peaks: dict[str, Any] = {"allocated_gb": None, "reserved_gb": None}
        if on_gpu:
            peaks = {
                "allocated_gb": torch.cuda.max_memory_allocated() / 1e9,
                "reserved_gb": torch.cuda.max_memory_reserved() / 1e9,
            }
        (job / "measured.json").write_text(json.dumps(peaks | {"torch": torch.__version__}))


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


if __name__ == "__main__":
    verb, deployment, *more = sys.argv[1:]
    if verb == "base":
        base(Path(deployment), *more)
    else:
        sys.exit({"ours": ours, "bare": bare}[verb](Path(deployment)))
