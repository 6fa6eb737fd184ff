"""The training process: `python -m skyassets.engines.training.worker JOB_FOLDER`, alone or once per rank.

Reads the job, writes the curve and the saves as it goes and the model at the end, and records in one sentence why it
stopped, if it knows. The same module runs under Dagster, by hand, and on a node of Slurm, Kubernetes or SkyPilot.
It handles processes and files. The training itself (`learning.loop`) is imported only after the environment is set,
because OpenMP and DeepSpeed read it once.
"""

import argparse
import contextlib
import errno
import importlib.metadata
import importlib.util
import json
import os
import platform
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from skyassets.core.errors import TrainerError
from skyassets.core.files import write_text
from skyassets.core.training.spec import Layout
from skyassets.engines.tokenizing.token_file import TokenFile
from skyassets.engines.training.job import JobBusyError, JobFolder, likeness

PACKAGES = ("torch", "transformers", "deepspeed", "accelerate", "peft", "liger-kernel", "flash-attn", "numpy")
"""Packages whose versions are recorded for a run, if installed."""
KERNELS = {"flash_attention_2": "flash_attn", "flash_attention_3": "flash_attn_interface", "liger": "liger_kernel"}
"""Kernels that a layout may select, and the package that provides each."""
CUT_SHORT = ("enforce fail at inline_container", "PytorchStreamWriter failed", "No space left")
"""torch's messages when a file could not be written completely."""


def main() -> int:
    """Train the job named on the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="the job's folder, as `skyassets plan --write` or the asset left it")
    parser.add_argument("--base", type=Path, help="where the base model lies here, if not where the job says")
    options = parser.parse_args()
    folder = JobFolder(options.folder.absolute())
    try:
        _train(folder, options.base)
    except JobBusyError as error:
        # Another run owns the folder now, so write nothing there.
        sys.stderr.write(f"TrainerError: {error}\n")
        return 1
    except TrainerError as error:
        _give_up(folder, str(error))
        return 1
    except (OSError, RuntimeError) as error:
        if type(error).__name__ == "OutOfMemoryError":
            _give_up(
                folder,
                "the GPU's memory ran out; set SKYASSETS_RECOMPUTE=1, SKYASSETS_MICRO_BATCH=1, a higher SKYASSETS_ZERO "
                f"or SKYASSETS_OFFLOAD, whichever is not so yet ({str(error).splitlines()[0][:200]})",
            )
            return 1
        # Each library reports a full disk differently.
        if getattr(error, "errno", None) not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) and not any(
            words in str(error) for words in CUT_SHORT
        ):
            raise
        _give_up(folder, f"the disk of {folder.path} is full; free some space and start again: the last save is whole")
        return 1
    return 0


def _train(folder: JobFolder, base: Path | None) -> None:
    job = folder.read_job()
    if folder.is_done:
        sys.stdout.write(f"{folder.path} is finished: the weights are in {folder.model}\n")
        return
    job = replace(job, base=base or job.base)
    if not (job.base / "config.json").is_file():
        raise TrainerError(f"the base {job.plan.training.base} is not in {job.base}; say where with --base FOLDER")
    if job.likeness and likeness(job.base) != job.likeness:
        raise TrainerError(
            f"{job.base} is not the base that the job was planned for, {job.plan.training.base}: its config, tokenizer "
            "or weights are others; name the right folder with --base"
        )
    _check_kernels(job.plan.layout)
    tokens = TokenFile(folder.tokens)
    on_gpu = _set_environment(folder)
    is_first = os.environ["RANK"] == "0"
    began = time.time()
    with contextlib.ExitStack() as stack:
        if is_first:
            stack.enter_context(folder.alone())
        log = stack.enter_context(_progress_log()) if is_first else lambda line: None
        from skyassets.engines.training.learning.loop import fit

        fit(job, tokens, folder, on_gpu=on_gpu, log=log)
        if is_first:
            write_text(folder.finished, json.dumps(environment(on_gpu) | {"seconds": round(time.time() - began, 1)}))


def _check_kernels(layout: Layout) -> None:
    for wish, package in KERNELS.items():
        if wish in (layout.attention, layout.loss) and importlib.util.find_spec(package) is None:
            raise TrainerError(
                f"the plan asks for {wish}, and the package {package} is not installed here; install it, or plan with "
                "SKYASSETS_ATTENTION=sdpa and SKYASSETS_LOSS=chunked"
            )


@contextlib.contextmanager
def _progress_log() -> Iterator[Callable[[str], None]]:
    """Yield a function that prints progress lines, and also sends them to Dagster if it started us through Pipes."""
    if "DAGSTER_PIPES_CONTEXT" not in os.environ:
        yield print
        return
    from dagster_pipes import open_dagster_pipes

    with open_dagster_pipes() as pipes:

        def log(line: str) -> None:
            pipes.log.info(line)
            print(line)  # noqa: T201  # the log file is for people too

        yield log


def environment(on_gpu: bool) -> dict[str, object]:
    """Return what the run uses: versions, devices, ranks and threads."""
    import torch

    versions = {}
    for package in PACKAGES:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[package] = importlib.metadata.version(package)
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **versions,
        "device": torch.cuda.get_device_name() if on_gpu else "cpu",
        "cuda": torch.version.cuda if on_gpu else None,
        "ranks": int(os.environ["WORLD_SIZE"]),
        "threads a rank": torch.get_num_threads(),
    }


def _give_up(folder: JobFolder, why: str) -> None:
    """Record the reason for the trainer. Deletes a truncated save first, to make room."""
    for save in folder.saves.unfinished():
        folder.saves.delete(save)
    sys.stderr.write(f"TrainerError: {why}\n")
    folder.failure.write_text(why, encoding="utf-8")


def _set_environment(folder: JobFolder) -> bool:
    """Set the rank variables if no launcher did, and DeepSpeed's device. Return whether it is a GPU."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        alone = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "LOCAL_WORLD_SIZE": "1"}
        alone |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free.getsockname()[1])}
    if "RANK" not in os.environ:
        os.environ.update(alone)
    # Rows of varying lengths leave gaps that fixed-size segments could not fill.
    os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")
    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(folder.path / "tensorboard"))
    import torch

    on_gpu = bool(torch.cuda.is_available())
    if not on_gpu:
        os.environ["DS_ACCELERATOR"] = "cpu"
    return on_gpu


if __name__ == "__main__":
    sys.exit(main())
