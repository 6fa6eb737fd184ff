"""Fine-tuning with DeepSpeed under transformers' Trainer. Imports torch: only a training process loads this."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import deepspeed
import torch
from transformers import AutoModelForCausalLM, Trainer, TrainingArguments, set_seed

from skyassets.core.errors import TrainerError
from skyassets.core.model_shape import shape_of
from skyassets.core.training import Layout, Training
from skyassets.core.training_steps import micro_batches, planned_steps, units_of
from skyassets.engines import adapters
from skyassets.engines.head_loss import HeadLoss
from skyassets.engines.shared_rows import SharedRows, sharing
from skyassets.engines.token_file import TokenFile
from skyassets.engines.training_curve import Curve
from skyassets.engines.training_job import JobFolder, TrainingJob
from skyassets.engines.training_tensors import IGNORED, packed_row, padded
from skyassets.engines.universal_save import made_universal

KEPT_OF_BASE = (
    *("tokenizer*", "special_tokens_map.json", "added_tokens.json", "vocab.*", "merges.txt"),
    *("chat_template*", "generation_config.json", "LICENSE*"),
)
"""What a checkpoint takes of its base byte for byte: training changes weights, never the tokenizer."""


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
    settings = json.loads((folder.path / "deepspeed.json").read_text(encoding="utf-8"))
    if save and (save.ranks, save.zero_stage) != (layout.ranks, layout.zero_stage):
        told(f"the save of step {save.step} was shared out among {save.ranks} ranks; converting it for {layout.ranks}")
        settings |= made_universal(save, layout)
    arguments = _arguments(job, folder, settings, on_gpu=on_gpu)
    set_seed(training.seed)
    lengths = tokens.lengths.tolist()
    steps = planned_steps(units_of(lengths, training), training)
    if len(steps) != job.plan.steps:
        raise TrainerError(
            f"the plan says {job.plan.steps} steps, but {len(tokens)} examples x {training.epochs} epochs at "
            f"{training.global_batch} a step make {len(steps)}; plan again from the examples that are trained on"
        )
    slots = arguments.gradient_accumulation_steps * layout.data_parallel
    batches = [batch for step in steps for batch in micro_batches(step, lengths, slots, training, layout.micro_batch)]
    model = loaded(job.base, training, layout)
    head = HeadLoss(model) if layout.loss == "chunked" else None
    flops = _flops(model)
    sizes = [[lengths[index] for unit in step for index in unit] for step in steps]
    curve = Curve(folder, job.plan, [sum(some) for some in sizes], [sum(map(flops, some)) for some in sizes], told)
    as_tensors = packed_row if training.packing else padded
    rows = SharedRows(batches, lengths, layout) if layout.sequence_parallel > 1 else None
    if rows and save and save.step < len(steps):
        # transformers cannot skip what is behind a save in rows that DeepSpeed hands out: they are left out here.
        rows, arguments.ignore_data_skip = SharedRows(batches[save.step * slots :], lengths, layout), True
    trainer = _Trainer(
        head=head,
        is_shared=rows is not None,
        model=adapters.with_adapters(model, training.lora) if training.lora else model,
        args=arguments,
        train_dataset=rows or batches,
        data_collator=lambda only: rows.row(only[0], tokens) if rows else as_tensors([tokens[at] for at in only[0]]),
        callbacks=[curve],
    )
    if save:
        told(f"going on from the save of step {save.step} of {job.plan.steps}")
    trainer.train(resume_from_checkpoint=str(save.path) if save else None)
    weights = trainer.accelerator.get_state_dict(trainer.model_wrapped)  # every rank takes part under ZeRO-3
    if trainer.is_world_process_zero():
        told("saving the weights")
        _save(trainer.accelerator.unwrap_model(trainer.model_wrapped), weights, job, folder)
    # A rank that leaves while another still works makes the backend abort the run, though all is done.
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()


class _Trainer(Trainer):  # type: ignore[misc]
    """transformers' trainer, told of the chunked loss, and writing nothing into a save that DeepSpeed writes too."""

    def __init__(self, head: HeadLoss | None, is_shared: bool, **words: Any) -> None:
        super().__init__(**words)
        self._head, self._is_shared = head, is_shared
        if is_shared:
            self.loss_is_scaled_for_ga = True  # below, by the tokens of the whole step

    def compute_loss(self, model: Any, inputs: Any, *more: Any, num_items_in_batch: Any = None, **words: Any) -> Any:
        """Hand the output layer its labels.

        Where ranks share a row, each takes its part of the whole step's mean, as if the parts were examples of their
        own; transformers would give every micro batch the same weight, however little of it is learned.
        """
        if self._head is not None:
            self._head.targets = inputs["shift_labels"]
        if not self._is_shared:
            return super().compute_loss(model, inputs, *more, num_items_in_batch=num_items_in_batch, **words)
        inputs = {**inputs, "labels": inputs["shift_labels"], "num_items_in_batch": num_items_in_batch}
        return model(**inputs).loss * self.accelerator.num_processes  # by which DeepSpeed divides the sum of gradients

    def get_batch_samples(self, *words: Any) -> Any:
        """The next micro batches, and how many tokens all ranks learn of them.

        transformers counts by the labels, which DeepSpeed-Ulysses has taken out of a shared row.
        """
        samples, learned = super().get_batch_samples(*words)
        if self._is_shared:
            here = sum((sample["shift_labels"] != IGNORED).sum() for sample in samples)
            learned = self.accelerator.gather(here.to(self.args.device)).sum()
        return samples, learned

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Nothing: DeepSpeed's own save holds the weights, and the finished ones are written once, at the end."""


def _begin(*, on_gpu: bool) -> None:
    if not on_gpu:
        # Its shared-memory collectives take a minute and a compiler to build; gloo will do.
        deepspeed.ops.__compatible_ops__["deepspeed_shm_comm"] = False
    # Before Trainer does it, which on a CPU would leave DeepSpeed's own layer believing that it is alone.
    deepspeed.init_distributed(dist_backend="nccl" if on_gpu else "gloo")


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


def _save(model: Any, weights: dict[str, torch.Tensor], job: TrainingJob, folder: JobFolder) -> None:
    """A standard Hugging Face folder: the new weights, once each, and all else as the base has it."""
    part = folder.path / "model.part"
    shutil.rmtree(part, ignore_errors=True)
    if job.plan.training.lora:
        adapters.save_adapter(model, weights, job.plan.training.base, part / adapters.FOLDER)
        adapters.merge_apart(job.base, part, job.plan.training.precision)
    else:
        for tied in model.all_tied_weights_keys:
            weights.pop(tied, None)
        model.save_pretrained(part, state_dict=weights)
    for pattern in KEPT_OF_BASE:
        for file in job.base.glob(pattern):
            shutil.copyfile(file, part / file.name)
    for file in part.rglob("*"):
        file.chmod(0o755 if file.is_dir() else 0o644)
    shutil.rmtree(folder.model, ignore_errors=True)
    part.replace(folder.model)
