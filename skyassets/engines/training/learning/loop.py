"""Fine-tuning with DeepSpeed under transformers' Trainer. Imports torch: only a training process loads this."""

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
from skyassets.engines.tokenizing.token_file import TokenFile
from skyassets.engines.training.curve import Curve
from skyassets.engines.training.job import JobFolder, TrainingJob
from skyassets.engines.training.learning import lora
from skyassets.engines.training.learning.chunked_loss import HeadLoss
from skyassets.engines.training.learning.collate import packed_row, padded
from skyassets.engines.training.learning.export import save_weights
from skyassets.engines.training.learning.hf_trainer import StudentTrainer
from skyassets.engines.training.learning.sequence_parallel import SharedRows, sharing
from skyassets.engines.training.saves import Save
from skyassets.engines.training.universal_checkpoint import made_universal


def fit(
    job: TrainingJob, tokens: TokenFile, folder: JobFolder, *, on_gpu: bool, told: Callable[[str], None] = print
) -> None:
    """Train by the plan, from the latest save if there is one, and leave a standard Hugging Face folder.

    Raises:
        TrainerError: when the plan is not one of these examples, or the loss or the gradient is not finite.
    """
    training, layout = job.plan.training, job.plan.layout
    _begin(on_gpu=on_gpu)
    save = folder.saves.latest()
    arguments = _arguments(job, folder, _settings(folder, save, layout, told), on_gpu=on_gpu)
    set_seed(training.seed)
    lengths = tokens.lengths.tolist()
    steps = _steps(job.plan, lengths)
    model = loaded(job.base, training, layout)
    curve = _curve(job.plan, folder, steps, lengths, _flops(model), told)
    head = HeadLoss(model) if layout.loss == "chunked" else None
    if save:
        told(f"going on from the save of step {save.step} of {job.plan.steps}")
    trainer = StudentTrainer(
        head=head,
        is_shared=layout.sequence_parallel > 1,
        model=lora.with_adapters(model, training.lora) if training.lora else model,
        args=arguments,
        callbacks=[curve],
        **_data(job.plan, tokens, steps, arguments, save.step if save else 0),
    )
    trainer.train(resume_from_checkpoint=str(save.path) if save else None)
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped)  # every rank takes part under ZeRO-3
    if trainer.is_world_process_zero():
        told("saving the weights")
        save_weights(trainer.accelerator.unwrap_model(trainer.model_wrapped), weights, job, folder)
    # A rank that leaves while another still works makes the backend abort the run, though all is done.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


def _steps(plan: TrainPlan, lengths: Sequence[int]) -> list[list[MicroBatch]]:
    """What each step learns from."""
    steps = planned_steps(units_of(lengths, plan.training), plan.training)
    if len(steps) != plan.steps:
        raise TrainerError(
            f"the plan says {plan.steps} steps, but {len(lengths)} examples x {plan.training.epochs} epochs at "
            f"{plan.training.global_batch} a step make {len(steps)}; plan again from the examples that are trained on"
        )
    return steps


def _data(
    plan: TrainPlan, tokens: TokenFile, steps: Sequence[list[MicroBatch]], arguments: TrainingArguments, done: int
) -> dict[str, Any]:
    """The micro batches of all steps, and how each becomes tensors; `done` steps are behind the save gone on from."""
    training, layout, lengths = plan.training, plan.layout, tokens.lengths.tolist()
    slots = arguments.gradient_accumulation_steps * layout.data_parallel
    batches = [batch for step in steps for batch in micro_batches(step, lengths, slots, training, layout.micro_batch)]
    if layout.sequence_parallel > 1:
        if done < len(steps):
            # transformers cannot skip what is behind a save in rows that DeepSpeed hands out: it is left out here.
            batches, arguments.ignore_data_skip = batches[done * slots :], True
        rows = SharedRows(batches, lengths, layout)
        return {"train_dataset": rows, "data_collator": lambda only: rows.row(only[0], tokens)}
    as_tensors = packed_row if training.packing else padded
    collated = {"data_collator": lambda only: as_tensors([tokens[index] for index in only[0]])}
    return {"train_dataset": batches, **collated}


def _curve(
    plan: TrainPlan,
    folder: JobFolder,
    steps: Sequence[list[MicroBatch]],
    lengths: Sequence[int],
    flops: Callable[[int], float],
    told: Callable[[str], None],
) -> Curve:
    sizes = [[lengths[index] for unit in step for index in unit] for step in steps]
    return Curve(folder, plan, [sum(some) for some in sizes], [sum(map(flops, some)) for some in sizes], told)


def _settings(folder: JobFolder, save: Save | None, layout: Layout, told: Callable[[str], None]) -> dict[str, Any]:
    """DeepSpeed's settings as planned, with what loading a save of another layout takes."""
    settings: dict[str, Any] = json.loads((folder.path / "deepspeed.json").read_text(encoding="utf-8"))
    if save and (save.ranks, save.zero_stage) != (layout.ranks, max(1, layout.zero_stage)):
        told(f"the save of step {save.step} was shared out among {save.ranks} ranks; converting it for {layout.ranks}")
        settings |= made_universal(save, layout)
    return settings


def _begin(*, on_gpu: bool) -> None:
    if not on_gpu:
        # Its shared-memory collectives take a minute and a compiler to build; gloo will do.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    # Before Trainer does it, which on a CPU would leave DeepSpeed's own layer believing that it is alone.
    # The ranks wait for the first one while it makes saves durable, converts one, or writes 65 GB of weights; one that
    # died is seen by the launcher.
    deepspeed.init_distributed(dist_backend="nccl" if on_gpu else "gloo", timeout=timedelta(hours=12))


def _arguments(job: TrainingJob, folder: JobFolder, settings: dict[str, Any], *, on_gpu: bool) -> TrainingArguments:
    """The plan's arguments with what only this machine knows."""
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
    """The base as it is trained.

    Without a cache: given one, transformers does not look for where a pack's examples begin (`masking_utils`), and
    they would see each other.
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
    """Operations that training on one example of so many tokens takes."""
    shape = shape_of(model.config.to_dict(), type(model).__name__)
    return lambda length: length * shape.training_flops(length)
