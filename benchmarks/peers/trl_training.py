"""TRL's `SFTTrainer` on tokens that are there already: `python trl_training.py SETTINGS_FILE`.

The settings (JSON) name the base folder, the examples (a line of JSON each, `input_ids` and `labels`), the trainer's
arguments, whether rows are packed, the kind of the peer, and the file that gets a line a step:

- `deepspeed`: bf16 weights, float32 master weights, by the DeepSpeed settings that are handed in;
- `whole`: the same with transformers' own loss, which makes all logits at once, for TRL's, which goes through them in
  tiles and on a processor through those of the prompts too;
- `bf16`: bf16 weights alone, so every step is rounded to them;
- `autocast`: float32 weights, bf16 only in the products.
"""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

os.environ |= {"DS_ACCELERATOR": "cpu"}

import torch
from datasets import Dataset, disable_progress_bars
from transformers import AutoModelForCausalLM, AutoTokenizer, Trainer, TrainerCallback
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer


class Lines(TrainerCallback):  # type: ignore[misc]
    """Writes the loss and the number of tokens, a line a step."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.tokens = list[int]()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        if "loss" in logs:
            line = {"loss": float(logs["loss"]), "tokens": self.tokens[state.global_step - 1]}
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")


class Whole(SFTTrainer):
    """TRL's trainer without its loss."""

    compute_loss = Trainer.compute_loss


def join() -> None:
    """Begin DeepSpeed as the only rank, on a processor, without the collectives that it would have to build first."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    os.environ |= {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"}
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    import deepspeed

    deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    deepspeed.init_distributed(dist_backend="gloo")


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    disable_progress_bars()
    kind, base = settings["kind"], settings["base"]
    has_masters = kind in ("deepspeed", "whole")
    if has_masters:
        join()
    arguments = SFTConfig(
        **settings["arguments"],
        packing=settings["packing"],
        packing_strategy="bfd",
        max_length=settings["cutoff"],
        deepspeed=settings["deepspeed"] if has_masters else None,
        use_cpu=True,
        report_to="none",
    )
    model = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.float32 if kind == "autocast" else torch.bfloat16, attn_implementation="sdpa"
    )
    with Path(settings["examples"]).open(encoding="utf-8") as file:
        rows = Dataset.from_list([json.loads(line) for line in file])
    lines = Lines(Path(settings["curve"]))
    trainer = (Whole if kind == "whole" else SFTTrainer)(
        model=model,
        args=arguments,
        train_dataset=rows,
        processing_class=AutoTokenizer.from_pretrained(base),
        callbacks=[lines],
    )
    sizes = [len(row) for row in trainer.train_dataset["input_ids"]]
    batch = arguments.per_device_train_batch_size * arguments.gradient_accumulation_steps
    lines.tokens = [sum(sizes[start : start + batch]) for start in range(0, len(sizes), batch)]
    trainer.train()
    trainer.save_model(str(Path(settings["curve"]).with_name("model")))


if __name__ == "__main__":
    main()
