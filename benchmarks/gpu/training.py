"""Full fine-tuning on this machine's accelerator: tokens/s, MFU and peak memory by model and length, beside the plan's.

    python benchmarks/gpu/training.py --out FOLDER              # Qwen2 of 1.5B and 7B, at 4k, 16k and 32k tokens
    python benchmarks/gpu/training.py --out FOLDER --smoke      # a tiny one, on a CPU too, in seconds

Takes no network: the weights are random and so are the tokens. Each setting is a process of its own with a time limit;
one that runs out of memory or time is a row that says so. `FOLDER/training.json` holds all rows so far.
"""

import argparse
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from statistics import median
from typing import Any

from row import HEAD, Row, Setting, line

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from skyassets.core.ports import Model  # noqa: E402
from skyassets.core.training.hardware import Hardware  # noqa: E402
from skyassets.core.training.model_shape import (  # noqa: E402
    QWEN2_5,
    ModelShape,
    shape_of,
)
from skyassets.core.training.spec import Saving, Training, TrainPlan  # noqa: E402
from skyassets.engines.host.machine import this_machine  # noqa: E402
from skyassets.engines.tokenizing.token_file import TokenExample, write_examples  # noqa: E402
from skyassets.engines.training.job import JobFolder, TrainingJob  # noqa: E402
from skyassets.stages.training.arguments import ARGUMENTS_FILE  # noqa: E402
from skyassets.stages.training.parallelism import OFFLOADS, LayoutOverrides, PlanInputs  # noqa: E402
from skyassets.stages.training.plan import fastest, plans_of  # noqa: E402

CHILD = Path(__file__).with_name("one_training.py")
TINY = {
    "hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "vocab_size": 512, "tie_word_embeddings": True,
}  # fmt: skip
WARM_UP = 2
"""Steps that are not counted: kernels are chosen and memory is taken in them."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="where training.json and the logs go")
    parser.add_argument("--models", nargs="+", default=["1.5B", "7B"], choices=[*QWEN2_5], metavar="SIZE")
    parser.add_argument("--lengths", nargs="+", type=int, default=[16_384, 4_096, 32_768])
    parser.add_argument("--trainers", nargs="+", choices=("ours", "bare"), help="ours unless DeepSpeed is missing")
    parser.add_argument("--attention", default="auto", help="flash_attention_2 where it is installed, else sdpa")
    parser.add_argument("--zero", type=int, choices=range(4), help="these three: what the plan is not left to choose")
    parser.add_argument("--offload", choices=OFFLOADS)
    parser.add_argument("--recompute", action=argparse.BooleanOptionalAction)
    parser.add_argument("--pieces", type=int, default=1, help="examples packed into a row")
    parser.add_argument("--tokens", type=int, default=65_536, help="tokens of an optimiser step")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--limit", type=float, default=180.0, help="seconds a setting may take")
    parser.add_argument("--scratch", type=Path, help="where the random weights go: 31 GB for 7B; a temporary folder")
    parser.add_argument("--smoke", action="store_true", help="a tiny model at 64 tokens")
    options = parser.parse_args()
    if options.smoke:
        options.models, options.lengths, options.tokens, options.steps = ["tiny"], [64], 256, 4
    options.out.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    print(HEAD)
    with tempfile.TemporaryDirectory(dir=options.scratch) as scratch:
        for row in measured(options, Path(scratch)):
            rows.append(row)
            print(line(row), flush=True)
            told = [asdict(each) for each in rows]
            (options.out / "training.json").write_text(json.dumps({"machine": asdict(this_machine()), "rows": told}))


def measured(options: argparse.Namespace, scratch: Path) -> Iterator[Row]:
    hardware = replace(this_machine(), count=1)
    trainers = options.trainers or ["ours" if importlib.util.find_spec("deepspeed") else "bare"]
    attention = options.attention
    if attention == "auto":
        attention = "flash_attention_2" if importlib.util.find_spec("flash_attn") else "sdpa"
    for model in options.models:
        folder = scratch / "base"
        config = TINY if model == "tiny" else config_of(QWEN2_5[model])
        shape = shape_of(config | {"model_type": "qwen2"})
        made = run(["base", str(folder), json.dumps(config)], options.out / f"base-{model}.log", options.limit)
        for trainer, length in product(trainers, options.lengths):
            plan = planned(training_of(folder, length, options), shape, hardware, attention, options)
            layout = plan.layout
            setting = Setting(
                trainer, model, length, layout.attention, layout.zero_stage, layout.offload, layout.recompute
            )
            if made:
                yield Row(setting, failed=f"no base: {made}")
            else:
                yield one(setting, plan, shape, options, scratch / "job")
        shutil.rmtree(folder, ignore_errors=True)


def config_of(shape: ModelShape) -> dict[str, Any]:
    """A shape as Qwen2's config has it."""
    return {
        "hidden_size": shape.hidden, "intermediate_size": shape.intermediate, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "num_key_value_heads": shape.kv_heads, "vocab_size": shape.vocabulary,
        "tie_word_embeddings": shape.is_tied, "max_position_embeddings": 32_768,
    }  # fmt: skip


def training_of(base: Path, length: int, options: argparse.Namespace) -> Training:
    rows = max(1, options.tokens // length)
    return Training(
        Model(str(base), "random"), epochs=1, learning_rate=1e-5, global_batch=rows, cutoff=length, precision="bf16",
        seed=0, packing=True,
    )  # fmt: skip


def planned(
    training: Training, shape: ModelShape, hardware: Hardware, attention: str, options: argparse.Namespace
) -> TrainPlan:
    """The plan that a user would get on this machine; where nothing fits, the one that comes nearest."""
    count = options.steps * training.global_batch * options.pieces
    size = training.cutoff // options.pieces
    overrides = LayoutOverrides(
        1, zero_stage=options.zero, offload=options.offload, recompute=options.recompute, attention=attention
    )
    saving = Saving(every=10**6, keep=1)
    plans = plans_of(PlanInputs(training, shape, [size] * count, hardware, overrides, saving, count * (size - 1)))
    fitting = [each for each in plans if each[0].fits]
    return (fastest(fitting) if fitting else min(plans, key=lambda each: each[0].need))[1]


def one(setting: Setting, plan: TrainPlan, shape: ModelShape, options: argparse.Namespace, folder: Path) -> Row:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    row = Row(setting, planned_gb=plan.memory.total, host_gb=plan.memory.host)
    if setting.trainer == "ours":
        write_job(folder, plan, shape, options)
    else:
        row = Row(replace(setting, zero_stage=0, offload="none", recompute=True))  # the plan knows no such trainer
        write_bare(folder, plan, setting)
    log = options.out / f"{setting.trainer}-{setting.model}-{setting.length}.log"
    failed = run([setting.trainer, str(folder)], log, options.limit)
    found = folder / "measured.json"
    peaks = json.loads(found.read_text()) if found.is_file() else {}
    curve = JobFolder(folder).curve
    steps = [json.loads(each) for each in curve.read_text().splitlines()] if curve.is_file() else []
    row = replace(row, failed=failed, allocated_gb=peaks.get("allocated_gb"), reserved_gb=peaks.get("reserved_gb"))
    if steps and row.allocated_gb is None:
        row = replace(row, allocated_gb=steps[-1]["memory_gb"])
    if len(steps) <= WARM_UP:
        return row if failed else replace(row, failed="too few steps")
    counted, peak = steps[WARM_UP:], plan.hardware.device.tflops
    speed = median(step["tokens"] / step["seconds"] for step in counted)
    whole = setting.length / (options.pieces if setting.trainer == "ours" else 1)
    return replace(
        row,
        tokens_s=speed,
        mfu=None if peak is None else speed * shape.training_flops(whole) / (peak * 1e12),
        step_s=median(step["seconds"] for step in counted),
        loss=steps[-1]["loss"],
    )


def write_job(folder: Path, plan: TrainPlan, shape: ModelShape, options: argparse.Namespace) -> None:
    """What the asset `checkpoint` leaves for its processes, with random tokens."""
    import numpy as np

    draw, size = np.random.default_rng(0), plan.training.cutoff // options.pieces
    learned = np.arange(size) > 0
    examples = (
        TokenExample(f"row-{at}", draw.integers(shape.vocabulary, size=size, dtype=np.int32), learned)
        for at in range(plan.examples)
    )
    job = JobFolder(folder)
    write_examples(job.tokens, examples, plan.training.cutoff)
    # The trainer would save its whole state after the last step too, 100 GB for 7B, which nobody here goes on from.
    arguments = json.loads(plan.files[ARGUMENTS_FILE]) | {"save_strategy": "no"}
    plan = replace(plan, files=plan.files | {ARGUMENTS_FILE: json.dumps(arguments)})
    job.write(TrainingJob(plan, Path(plan.training.base.name)))


def write_bare(folder: Path, plan: TrainPlan, setting: Setting) -> None:
    asked = {
        "base": plan.training.base.name,
        "attention": setting.attention,
        "length": setting.length,
        "steps": plan.steps * plan.training.global_batch,
        "learning_rate": plan.training.learning_rate,
    }
    (folder / "bare.json").write_text(json.dumps(asked))


def run(words: list[str], log: Path, limit: float) -> str:
    """Run a child; how it failed, or nothing. Whatever it started is gone when this returns."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "PYTORCH_CUDA_ALLOC_CONF": "expandable_segments:True",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
    }
    began = time.perf_counter()
    with log.open("w") as file:
        child = subprocess.Popen(
            [sys.executable, str(CHILD), *words], stdout=file, stderr=subprocess.STDOUT, env=environment,
            start_new_session=True,
        )  # fmt: skip
        try:
            status = child.wait(limit)
        except subprocess.TimeoutExpired:
            return f"not done within {limit:g} s"
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    text = log.read_text(errors="replace")
    if not status:
        return ""
    if "OutOfMemoryError" in text or "CUDA out of memory" in text:
        return "out of memory"
    if status == -signal.SIGKILL:
        return "killed, most likely for want of main memory"
    said = [each for each in text.splitlines() if each.strip()]
    return f"{said[-1][:120] if said else f'exit status {status}'} (after {time.perf_counter() - began:.0f} s)"


if __name__ == "__main__":
    main()
