"""The files and the command that run a plan: transformers' arguments, DeepSpeed's settings, the launcher's arguments.

They are exactly what is run, so they are printed, compared and kept. Only machine-specific values (folders, the device)
are added by the worker that reads them.
"""

import json
import math
from typing import Any

from skyassets.core.training.spec import Layout, Saving, Training

ARGUMENTS_FILE = "arguments.json"
DEEPSPEED_FILE = "deepspeed.json"
GRADIENT_CLIP = 1.0
"""LLaMA-Factory's default, which was used for Sky-T1."""
MODULE = "skyassets.engines.training.worker"
JOB = "JOB_FOLDER"
"""Placeholder for the job folder in the command."""


def files(training: Training, layout: Layout, saving: Saving, steps: int) -> dict[str, str]:
    """The configuration files of a run of `steps` optimiser steps: name to text."""
    return {
        ARGUMENTS_FILE: json.dumps(arguments(training, layout, saving, steps), indent=1),
        DEEPSPEED_FILE: json.dumps(deepspeed(training, layout), indent=1),
    }


def argv(layout: Layout) -> tuple[str, ...]:
    """The command for one node; with several nodes, the launcher reads MASTER_ADDR, MASTER_PORT and NODE_RANK."""
    run = ("-m", MODULE, JOB)
    if layout.ranks == 1:
        return ("python", *run)
    a_node = f"--nproc-per-node={layout.ranks // layout.nodes}"
    if layout.nodes == 1:
        return ("python", "-m", "torch.distributed.run", "--standalone", a_node, *run)
    where = ("--master-addr=$MASTER_ADDR", "--master-port=$MASTER_PORT", "--node-rank=$NODE_RANK")
    return ("python", "-m", "torch.distributed.run", f"--nnodes={layout.nodes}", *where, a_node, *run)


def accumulation(training: Training, layout: Layout) -> int:
    """Micro batches per rank in a step; with sequence parallelism, a multiple of the group size."""
    at_once = 1 if training.packing else layout.micro_batch
    together = layout.sequence_parallel
    return together * math.ceil(training.global_batch / (at_once * layout.data_parallel * together))


def arguments(training: Training, layout: Layout, saving: Saving, steps: int) -> dict[str, Any]:
    """transformers' `TrainingArguments`. Each item of the data set is a whole micro batch, so the batch size is 1."""
    return {
        "max_steps": steps,
        "per_device_train_batch_size": 1,
        "gradient_accumulation_steps": accumulation(training, layout),
        "learning_rate": training.learning_rate,
        "lr_scheduler_type": training.schedule,
        "warmup_steps": math.ceil(training.warmup_ratio * steps),
        "weight_decay": training.weight_decay,
        "max_grad_norm": GRADIENT_CLIP,
        "optim": "adamw_torch_fused",
        "bf16": training.precision == "bf16",
        "gradient_checkpointing": layout.recompute,
        "use_liger_kernel": layout.loss == "liger",
        "seed": training.seed,
        "data_seed": training.seed,
        "train_sampling_strategy": "sequential",
        "remove_unused_columns": False,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "save_strategy": "steps",
        "save_steps": saving.every,
        "disable_tqdm": True,
    }


def deepspeed(training: Training, layout: Layout) -> dict[str, Any]:
    """DeepSpeed's settings: the layout's stage, with float32 master weights and gradient sums.

    Stage 0 runs as stage 1, which takes the same steps: DeepSpeed's stage 0 would sum gradients in bf16 and does not
    report a float32 gradient norm.
    """
    zero: dict[str, Any] = {"stage": max(1, layout.zero_stage)}
    if layout.zero_stage == 3:
        zero |= {"stage3_gather_16bit_weights_on_model_save": True}
    if layout.offload != "none":
        zero |= {"offload_optimizer": {"device": "cpu", "pin_memory": True}}
    if layout.offload == "all":
        zero |= {"offload_param": {"device": "cpu", "pin_memory": True}}
    # No optimiser is set here: DeepSpeed's would also decay norms and biases, unlike the trainer's. With offload,
    # accelerate substitutes DeepSpeed's CPU optimiser with the same parameter groups.
    return {
        "bf16": {"enabled": training.precision == "bf16"},
        "data_types": {"grad_accum_dtype": "fp32"},
        "zero_optimization": zero,
        "zero_allow_untested_optimizer": True,
        "train_batch_size": "auto",
        "train_micro_batch_size_per_gpu": "auto",
        "gradient_accumulation_steps": "auto",
        "gradient_clipping": "auto",
    }
