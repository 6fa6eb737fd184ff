"""Trains a random model for two steps with the real trainer, and watches what its ranks hold."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tiny_base import conversation, tokenizer

from skyassets.core.ports import Conversation, Model
from skyassets.core.training.hardware import Device, Hardware
from skyassets.core.training.model_shape import ModelShape, shape_of
from skyassets.core.training.spec import Lora, Training, TrainPlan
from skyassets.engines.host.machine import host_memory_gb
from skyassets.engines.sandbox.guest.process_tree import descendants
from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer
from skyassets.engines.training.trainer import DeepSpeedTrainer
from skyassets.stages.training.parallelism import LayoutOverrides, PlanInputs
from skyassets.stages.training.plan import plan

STEPS = 2
BESIDE = (b"host/watchdog.py", b"torch.distributed.run")


@dataclass(frozen=True)
class Case:
    """A run to measure."""

    hidden: int
    layers: int
    intermediate: int
    vocabulary: int
    length: int
    overrides: LayoutOverrides
    accumulation: int = 2
    packing: bool = False
    lora: Lora | None = None


def measured(case: Case, folder: Path, said: Callable[[str], None] = print) -> tuple[TrainPlan, ModelShape, float]:
    """The plan of the run, the model's shape, and the GB that the largest rank held at its peak."""
    base = folder / "base"
    shape = _random_base(case, base)
    words = ChatTokenizer(tokenizer())
    ranks = case.overrides.ranks or 1
    batch = (case.overrides.micro_batch or 1) * case.accumulation * ranks
    examples = [_example(words, number, case.length) for number in range(STEPS * batch)]
    lengths = [len(words.encode(each).tokens) for each in examples]
    training = Training(
        Model(str(base), "random"), 1, 1e-4, batch, case.length, "bf16", 1, lora=case.lora, packing=case.packing
    )
    hardware = Hardware(Device("cpu", host_memory_gb(), is_gpu=False), host_memory_gb=host_memory_gb())
    planned = plan(PlanInputs(training, shape, lengths, hardware, case.overrides))
    with _Watch() as watch:
        DeepSpeedTrainer(folder / "cache", threads=1).train(planned, examples, folder / "trained", said)
    return planned, shape, watch.peak_gb


class _Watch:
    """The peak of what any one rank below this process holds."""

    def __init__(self) -> None:
        self.peak_gb = 0.0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._done.is_set():
            self.peak_gb = max([self.peak_gb, *(_held_gb(pid) for pid in descendants(os.getpid()) if _is_rank(pid))])
            time.sleep(0.01)


def _is_rank(pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return b"skyassets.engines.training.worker" in command and not any(name in command for name in BESIDE)


def _held_gb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    fields = dict(line.split(":", 1) for line in lines)
    return sum(int(fields.get(name, "0 kB").split()[0]) for name in ("RssAnon", "RssShmem")) * 1024 / 1e9


def _example(words: ChatTokenizer, number: int, length: int) -> Conversation:
    """An example of exactly `length` tokens: a z is one of its own."""
    without = conversation(f"row-{number}", f"What is {number}?", "")
    missing = length - len(words.encode(without).tokens)
    return conversation(f"row-{number}", f"What is {number}?", "z" * missing)


def _random_base(case: Case, folder: Path) -> ModelShape:
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    words = tokenizer()
    config = Qwen2Config(
        vocab_size=case.vocabulary,
        hidden_size=case.hidden,
        intermediate_size=case.intermediate,
        num_hidden_layers=case.layers,
        num_attention_heads=case.hidden // 64,
        num_key_value_heads=case.hidden // 128,
        tie_word_embeddings=True,
        eos_token_id=words.eos_token_id,
    )
    torch.manual_seed(0)
    Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    words.save_pretrained(folder)
    return shape_of(config.to_dict())
