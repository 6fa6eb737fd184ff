"""Full fine-tuning with DeepSpeed under transformers' Trainer. Imports torch: only a training process loads this."""

import json
import math
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import deepspeed
import torch
from transformers import AutoModelForCausalLM, Trainer, TrainerCallback, TrainingArguments, set_seed

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Step
from skyassets.engines.chat_tokens import TokenExample
from skyassets.engines.training_batches import micro_batches, planned_steps
from skyassets.engines.training_job import JobFolder, TrainingJob

IGNORED = -100
"""The label that torch's cross entropy leaves out."""
GRADIENT_CLIP = 1.0
"""As LLaMA-Factory's default, with which Sky-T1 was trained."""
KEPT_OF_BASE = (
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt"),
    *("chat_template*", "generation_config.json", "LICENSE*"),
)
"""What a checkpoint takes of its base byte for byte: training changes weights, never the tokenizer."""


def fit(job: TrainingJob, examples: Sequence[TokenExample], folder: JobFolder, *, on_gpu: bool) -> None:
    """Train by the plan and leave a standard Hugging Face folder.

    Raises:
        TrainerError: when the loss or the gradient is not finite.
    """
    plan = job.plan
    if not on_gpu:
        # Its shared-memory collectives take a minute and a compiler to build; gloo will do.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    # Before Trainer does it, which on a CPU would leave DeepSpeed's own layer believing that it is alone.
    deepspeed.init_distributed(dist_backend="nccl" if on_gpu else "gloo")
    arguments = _arguments(job, folder, on_gpu=on_gpu)
    set_seed(plan.seed)
    steps = planned_steps(len(examples), plan.epochs, plan.global_batch, plan.seed)
    slots = arguments.gradient_accumulation_steps * arguments.world_size
    lengths = [len(example.tokens) for example in examples]
    batches = [batch for step in steps for batch in micro_batches(step, lengths, slots, job.micro_batch)]
    model = AutoModelForCausalLM.from_pretrained(
        job.base, dtype=torch.bfloat16 if plan.precision == "bf16" else torch.float32, local_files_only=True
    )
    if job.recompute:
        model.config.use_cache = False
    curve = Curve(folder.curve, plan.epochs, [sum(lengths[index] for index in step) for step in steps])
    trainer = Trainer(
        model=model,
        args=arguments,
        train_dataset=batches,
        data_collator=lambda only: padded([examples[index] for index in only[0]]),
        callbacks=[curve],
    )
    trainer.train()
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped)  # every rank takes part under ZeRO-3
    if trainer.is_world_process_zero():
        _save(model, weights, job.base, folder.model)
    # A rank that leaves while another still works makes the backend abort the run, though all is done.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def padded(examples: Sequence[TokenExample]) -> dict[str, torch.Tensor]:
    """A micro batch, padded on the right to its longest example, with labels already one token ahead.

    Only the columns that some row learns are asked of the output layer, a large part of the work and most of the memory
    of a long example. No examples at all make a batch of nothing to learn, for a rank with nothing to do.
    """
    width = max((len(example.tokens) for example in examples), default=2)
    shape = (max(len(examples), 1), width)
    tokens, attended, labels = (torch.full(shape, fill) for fill in (0, 0, IGNORED))
    for row, example in enumerate(examples):
        size = len(example.tokens)
        ids = torch.tensor(example.tokens)
        tokens[row, :size] = ids
        attended[row, :size] = 1
        learned = torch.tensor(example.learned[1:])
        labels[row, : size - 1] = ids[1:].where(learned, IGNORED)
    if not examples:
        attended[:] = 1
    columns = (labels != IGNORED).any(dim=0).nonzero().flatten()
    columns = columns if len(columns) else torch.tensor([0])
    ahead = labels[:, columns]
    return {
        "input_ids": tokens,
        "attention_mask": attended,
        "logits_to_keep": columns,
        "labels": ahead,
        "shift_labels": ahead,
    }


class Curve(TrainerCallback):  # type: ignore[misc]
    """Writes one line per optimiser step, and stops the run at the first that is not finite."""

    def __init__(self, path: Path, epochs: int, tokens: Sequence[int]) -> None:
        self._path = path
        self._epochs = epochs
        self._tokens = tokens
        self._since = time.monotonic()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Start the clock."""
        self._since = time.monotonic()

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float], **_: Any) -> None:
        """Keep the step that Trainer has just logged.

        Raises:
            TrainerError: when its loss or gradient is not finite.
        """
        if "loss" not in logs:
            return
        now = time.monotonic()
        step = Step(
            step=state.global_step,
            epoch=state.global_step * self._epochs / len(self._tokens),
            loss=float(logs["loss"]),
            learning_rate=float(logs["learning_rate"]),
            grad_norm=float(logs["grad_norm"]),
            tokens=self._tokens[state.global_step - 1],
            seconds=now - self._since,
        )
        self._since = now
        if not math.isfinite(step.loss) or not math.isfinite(step.grad_norm):
            raise TrainerError(
                f"step {step.step} has loss {step.loss} and gradient norm {step.grad_norm}, which is not finite; "
                "lower the learning rate, or train in fp32 to see whether precision is the cause"
            )
        if state.is_world_process_zero:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(step)) + "\n")


def _save(model: Any, weights: dict[str, torch.Tensor], base: Path, folder: Path) -> None:
    """A standard Hugging Face folder: the new weights, once each, and all else as the base has it."""
    for tied in model.all_tied_weights_keys:
        weights.pop(tied, None)
    model.save_pretrained(folder, state_dict=weights)
    for pattern in KEPT_OF_BASE:
        for file in base.glob(pattern):
            shutil.copyfile(file, folder / file.name)
    for file in folder.iterdir():
        file.chmod(0o644)


def _arguments(job: TrainingJob, folder: JobFolder, *, on_gpu: bool) -> TrainingArguments:
    """The plan in Trainer's words. A micro batch is one item of the data set, hence the batch size of 1."""
    plan = job.plan
    return TrainingArguments(
        output_dir=str(folder.path / "trainer"),
        max_steps=plan.steps,
        per_device_train_batch_size=1,
        gradient_accumulation_steps=math.ceil(plan.global_batch / (job.micro_batch * int(os.environ["WORLD_SIZE"]))),
        learning_rate=plan.learning_rate,
        lr_scheduler_type=plan.schedule,
        warmup_steps=math.ceil(plan.warmup_ratio * plan.steps),
        weight_decay=plan.weight_decay,
        max_grad_norm=GRADIENT_CLIP,
        bf16=plan.precision == "bf16",
        use_cpu=not on_gpu,
        gradient_checkpointing=job.recompute,
        seed=plan.seed,
        train_sampling_strategy="sequential",
        remove_unused_columns=False,
        logging_steps=1,
        logging_nan_inf_filter=False,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
        deepspeed=_deepspeed(job),
    )


def _deepspeed(job: TrainingJob) -> dict[str, Any]:
    """DeepSpeed's settings: the plan's stage, with float32 master weights and gradient sums.

    Stage 0 runs as stage 1, which takes the same steps: DeepSpeed's stage 0 would sum gradients in bf16, and tells no
    gradient norm in float32.
    """
    zero: dict[str, Any] = {"stage": max(1, job.plan.zero_stage), "stage3_gather_16bit_weights_on_model_save": True}
    if job.offload:
        zero |= {"offload_optimizer": {"device": "cpu"}}
        zero |= {"offload_param": {"device": "cpu"}} if job.plan.zero_stage == 3 else {}
    return {
        "bf16": {"enabled": job.plan.precision == "bf16"},
        "data_types": {"grad_accum_dtype": "fp32"},
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
    }
