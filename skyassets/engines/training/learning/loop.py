"""Fine-tuning with DeepSpeed and transformers' Trainer. Imports torch: only a training process imports this module."""

import json
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import deepspeed
import torch
from transformers import AutoModelForCausalLM, TrainingArguments, set_seed

from skyassets.core.errors import TrainerError
from skyassets.core.training.model_shape import shape_of
from skyassets.core.training.spec import Layout, Training, TrainPlan
from skyassets.core.training.steps import MicroBatch, micro_batches, planned_steps, units_of
from skyassets.engines.tokenizing.token_file import TokenExample, TokenFile
from skyassets.engines.training.curve import Curve
from skyassets.engines.training.job import JobFolder, TrainingJob
from skyassets.engines.training.learning import lora
from skyassets.engines.training.learning.chunked_loss import HeadLoss
from skyassets.engines.training.learning.collate import packed_row, padded, separate_row
from skyassets.engines.training.learning.export import save_weights
from skyassets.engines.training.learning.hf_trainer import StudentTrainer
from skyassets.engines.training.learning.separate_attention import separate_examples
from skyassets.engines.training.learning.sequence_parallel import SharedRows, sharing
from skyassets.engines.training.saves import Save
from skyassets.engines.training.universal_checkpoint import made_universal


def fit(
    job: TrainingJob, tokens: TokenFile, folder: JobFolder, *, on_gpu: bool, log: Callable[[str], None] = print
) -> None:
    """Train by the plan, from the latest save if there is one, and write a standard Hugging Face folder.

    Raises:
        TrainerError: if the plan does not match the examples, or the loss or the gradient is not finite.
    """
    training, layout = job.plan.training, job.plan.layout
    _begin(on_gpu=on_gpu)
    save = folder.saves.latest()
    arguments = _arguments(job, folder, _settings(folder, save, layout, log), on_gpu=on_gpu)
    set_seed(training.seed)
    lengths = tokens.lengths.tolist()
    steps = _steps(job.plan, lengths)
    model = loaded(job.base, training, layout)
    is_shared = layout.sequence_parallel > 1
    is_separate = not on_gpu and not is_shared and layout.attention == "sdpa" and separate_examples(model)
    as_tensors = separate_row if is_separate else packed_row if training.packing else padded
    curve = _curve(job.plan, folder, steps, lengths, _flops(model), log)
    head = HeadLoss(model) if layout.loss == "chunked" else None
    if save:
        log(f"resuming from the save of step {save.step} of {job.plan.steps}")
    trainer = StudentTrainer(
        head=head,
        is_shared=is_shared,
        model=lora.with_adapters(model, training.lora) if training.lora else model,
        args=arguments,
        callbacks=[curve],
        **_data(job.plan, tokens, steps, arguments, save.step if save else 0, as_tensors),
    )
    trainer.train(resume_from_checkpoint=str(save.path) if save else None)
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped)  # under ZeRO-3 this needs every rank
    if trainer.is_world_process_zero():
        log("saving the weights")
        save_weights(trainer.accelerator.unwrap_model(trainer.model_wrapped), weights, job, folder)
    # If a rank exits while another still works, the backend aborts the finished run.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def _steps(plan: TrainPlan, lengths: Sequence[int]) -> list[list[MicroBatch]]:
    """Return the micro-batches of each step."""
    steps = planned_steps(units_of(lengths, plan.training), plan.training)
    if len(steps) != plan.steps:
        raise TrainerError(
            f"the plan says {plan.steps} steps, but {len(lengths)} examples x {plan.training.epochs} epochs at "
            f"{plan.training.global_batch} a step make {len(steps)}; plan again from the examples that are trained on"
        )
    return steps


def _data(
    plan: TrainPlan,
    tokens: TokenFile,
    steps: Sequence[list[MicroBatch]],
    arguments: TrainingArguments,
    done: int,
    as_tensors: Callable[[Sequence[TokenExample]], dict[str, torch.Tensor]],
) -> dict[str, Any]:
    """Return the micro-batches of all steps, and their collator; the save resumed from covers `done` steps."""
    training, layout, lengths = plan.training, plan.layout, tokens.lengths.tolist()
    slots = arguments.gradient_accumulation_steps * layout.data_parallel
    batches = [batch for step in steps for batch in micro_batches(step, lengths, slots, training, layout.micro_batch)]
    if layout.sequence_parallel > 1:
        if done < len(steps):
            # transformers cannot skip finished steps in rows that DeepSpeed distributes, so they are dropped here.
            batches, arguments.ignore_data_skip = batches[done * slots :], True
        rows = SharedRows(batches, lengths, layout)
        return {"train_dataset": rows, "data_collator": lambda only: rows.row(only[0], tokens)}
    collated = {"data_collator": lambda only: as_tensors([tokens[index] for index in only[0]])}
    return {"train_dataset": batches, **collated}


def _curve(
    plan: TrainPlan,
    folder: JobFolder,
    steps: Sequence[list[MicroBatch]],
    lengths: Sequence[int],
    flops: Callable[[int], float],
    log: Callable[[str], None],
) -> Curve:
    sizes = [[lengths[index] for unit in step for index in unit] for step in steps]
    return Curve(folder, plan, [sum(some) for some in sizes], [sum(map(flops, some)) for some in sizes], log)


def _settings(folder: JobFolder, save: Save | None, layout: Layout, log: Callable[[str], None]) -> dict[str, Any]:
    """Return the planned DeepSpeed settings, plus those needed to load a save of another layout."""
    settings: dict[str, Any] = json.loads((folder.path / "deepspeed.json").read_text(encoding="utf-8"))
    if save and (save.ranks, save.zero_stage) != (layout.ranks, max(1, layout.zero_stage)):
        log(f"the save of step {save.step} was shared out among {save.ranks} ranks; converting it for {layout.ranks}")
        settings |= made_universal(save, layout)
    return settings


def _begin(*, on_gpu: bool) -> None:
    if not on_gpu:
        # Building its shared-memory collectives takes a minute and a compiler; gloo is enough.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    # Initialized before Trainer does it, which on a CPU would leave DeepSpeed's own layer in single-process mode.
    # The timeout is long because ranks wait while the first one flushes saves, converts one, or writes 65 GB of
    # weights; the launcher notices a rank that died.
    deepspeed.init_distributed(dist_backend="nccl" if on_gpu else "gloo", timeout=timedelta(hours=12))


def _arguments(job: TrainingJob, folder: JobFolder, settings: dict[str, Any], *, on_gpu: bool) -> TrainingArguments:
    """Return the plan's arguments plus those that depend on this machine."""
    planned = json.loads((folder.path / "arguments.json").read_text(encoding="utf-8"))
    if int(os.environ["WORLD_SIZE"]) != job.plan.layout.ranks:
        raise TrainerError(
            f"the plan is for {job.plan.layout.ranks} ranks and the launcher started {os.environ['WORLD_SIZE']}; plan "
            "again for this many (SKYASSETS_RANKS), the run goes on from its latest save"
        )
    return TrainingArguments(
        **planned,
        output_dir=str(folder.saves.folder),
        use_cpu=not on_gpu,
        gradient_checkpointing_kwargs={"use_reentrant": False},
        report_to=list(job.trackers) or "none",
        parallelism_config=sharing(job.plan.layout),
        deepspeed=settings,
    )


def loaded(base: Path, training: Training, layout: Layout) -> Any:
    """Load the base model for training.

    Without a KV cache: given one, transformers does not look for the boundaries of packed examples (`masking_utils`),
    and they would attend to each other.
    """
    model = AutoModelForCausalLM.from_pretrained(
        base,
        dtype=torch.bfloat16 if training.precision == "bf16" else torch.float32,
        attn_implementation=layout.attention,
        local_files_only=True,
    )
    model.config.use_cache = False
    return model


def _flops(model: Any) -> Callable[[int], float]:
    """Return a function from an example's number of tokens to the FLOPs of training on it."""
    shape = shape_of(model.config.to_dict(), type(model).__name__)
    return lambda length: length * shape.training_flops(length)
