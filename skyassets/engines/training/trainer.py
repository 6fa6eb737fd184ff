"""Fine-tunes by a plan with DeepSpeed, in separate processes (see `worker`). Never imports torch."""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.errors import ServerError, TrainerError
from skyassets.core.files import locked
from skyassets.core.ports import Conversation, Step
from skyassets.core.training.spec import TrainPlan
from skyassets.engines.host import watchdog
from skyassets.engines.models.weights import weights_folder
from skyassets.engines.tokenizing.process import lines, write_tokens
from skyassets.engines.training.job import JobFolder, TrainingJob, likeness
from skyassets.engines.training.log_lines import is_logged, progress_line

POLL_SECONDS = 0.5
TAIL_LINES = 20
KILLED = 137
"""Exit status of a killed process as the watchdog reports it: 128 plus the signal's number."""
SECRET = re.compile(r"(SKYASSETS_\w+|OPENAI)_API_KEY")
"""Secrets that are not passed to a training process."""
LOST_RANK = re.compile(r"Root Cause.*?rank\s*:\s*(\d+).*?exitcode\s*:\s*-(\d+)", re.DOTALL)
"""How torch's launcher reports the first rank that a signal ended."""

ProgressChannel = Callable[[], AbstractContextManager[Mapping[str, str]]]
"""Opens a channel on which the processes report progress; yields the environment variables that locate it."""


@dataclass(frozen=True)
class DeepSpeedTrainer:
    """Implements the `Trainer` port. Its fields say where and how training runs; none affects the result."""

    cache: Path
    """Where base models are downloaded and converted. The lock that allows one training at a time is beside it."""
    threads: int | None = None
    """CPU threads of each rank; if None, the cores are divided among them."""
    trackers: tuple[str, ...] = ()
    progress_channel: ProgressChannel | None = None
    """Where the processes report progress themselves (Dagster Pipes); if None, it is read from the curve."""
    python: str = sys.executable

    def train(
        self, plan: TrainPlan, examples: Sequence[Conversation], folder: Path, log: Callable[[str], None]
    ) -> list[Step]:
        """Train and write a standard Hugging Face folder to `folder`. Log and curve stay beside it, in `NAME.training`.

        A stopped run of the same `folder` resumes from its latest save; one that was finished elsewhere is reused.

        Raises:
            TrainerError: if the base is missing, the disk is too small, a process dies, or the loss is not finite.
        """
        job = JobFolder.beside(folder)
        with locked(self.cache.parent / ".training.lock", log):
            if job.is_done or job.has_left(folder):
                log(f"taking the finished weights of {job.path}")
            else:
                job.finished.unlink(missing_ok=True)
                self._run(plan, examples, job, log)
            curve = job.read_curve()
            if len(curve) != plan.steps:
                raise TrainerError(
                    f"{job.curve} has {len(curve)} steps, but the plan has {plan.steps}; copy the whole curve here, "
                    "with the weights"
                )
            if not job.has_left(folder):
                if not job.is_done or not (job.model / "config.json").is_file():
                    raise TrainerError(f"the training in {job.path} left no weights; see its log, {job.log}")
                shutil.rmtree(folder, ignore_errors=True)
                job.model.replace(folder)
            # Only needed to resume.
            shutil.rmtree(job.saves.folder, ignore_errors=True)
            job.tokens.unlink(missing_ok=True)
        return curve

    def prepare(self, plan: TrainPlan, examples: Sequence[Conversation], job: JobFolder) -> None:
        """Write all that the training processes need to the job's folder, for this or another machine.

        Raises:
            TrainerError: if the base is missing, an example cannot be trained on, or another run uses the folder.
        """
        try:
            base = weights_folder(plan.training.base, self.cache)
        except ServerError as error:
            raise TrainerError(f"no base model to train: {error}") from error
        with job.alone():
            job.write(TrainingJob(plan, base.absolute(), likeness(base), self.trackers))
            if not job.tokens.is_file():
                self._tokenise(plan, base, examples, job)

    def _tokenise(self, plan: TrainPlan, base: Path, examples: Sequence[Conversation], job: JobFolder) -> None:
        listed = job.path / "examples.jsonl"
        try:
            with listed.open("w", encoding="utf-8") as file:
                file.writelines(lines(examples))
            write_tokens(base, listed, job.tokens, plan.training.cutoff, self.python)
        finally:
            listed.unlink(missing_ok=True)

    def command(self, plan: TrainPlan, job: JobFolder) -> list[str]:
        """Return the plan's command with local paths. A watchdog ends it, with its children, when this process ends."""
        words = [self.python if word == "python" else word for word in plan.argv[:-1]]
        watched = [sys.executable, "-I", watchdog.__file__, "--log", str(job.log), str(os.getpid())]
        return [*watched, *words, str(job.path)]

    def _run(
        self, plan: TrainPlan, examples: Sequence[Conversation], job: JobFolder, log: Callable[[str], None]
    ) -> None:
        self.prepare(plan, examples, job)
        check_disk(plan, job)
        training, layout = plan.training, plan.layout
        log(
            f"training {training.base.name} on {plan.examples} examples: {training.epochs} epochs, {plan.steps} steps "
            f"of {training.global_batch}, {training.precision}, ZeRO-{layout.zero_stage}, {layout.ranks} ranks; log in "
            f"{job.log}"
        )
        with self.progress_channel() if self.progress_channel else contextlib.nullcontext({}) as channel:
            process = subprocess.Popen(
                self.command(plan, job),
                stdin=subprocess.DEVNULL,
                env={**_without_keys(os.environ), **self._environment(plan), **channel},
                start_new_session=True,  # so that Ctrl-C reaches only us, and we shut it down
            )
            status = _watched(process, job, plan.steps, None if self.progress_channel else log)
        if status or not job.finished.is_file():
            job.saves.prune(plan.saving.keep)
            raise TrainerError(_last_words(status, job, plan.steps))

    def _environment(self, plan: TrainPlan) -> dict[str, str]:
        """Return the environment: threads that sleep while waiting, and no network except for trackers."""
        here = plan.layout.ranks // plan.layout.nodes
        threads = self.threads or max(1, len(os.sched_getaffinity(0)) // here)
        return {
            "OMP_NUM_THREADS": str(threads),
            "OMP_WAIT_POLICY": "PASSIVE",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore::FutureWarning",
        }


def _watched(process: subprocess.Popen[bytes], job: JobFolder, steps: int, log: Callable[[str], None] | None) -> int:
    """Wait for the process and return its exit status. On an interrupt, end it and its children."""
    logged = 0
    try:
        while process.poll() is None:
            time.sleep(POLL_SECONDS)
            if log is None:
                continue
            curve = job.read_curve()
            for number in range(min(logged, len(curve)) + 1, len(curve) + 1):
                if is_logged(curve[number - 1].step, steps):
                    log(progress_line(curve[:number], steps))
            logged = len(curve)
    finally:
        process.terminate()
        process.wait()
    return process.returncode


def _without_keys(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not SECRET.fullmatch(name)}


def check_disk(plan: TrainPlan, job: JobFolder) -> None:
    """Check that the disk has room for the saves and the weights, given what the run has already saved.

    Raises:
        TrainerError: if it has not.
    """
    job.saves.prune(plan.saving.keep)
    there = sum(file.stat().st_size for file in job.saves.folder.rglob("*") if file.is_file())
    free = (shutil.disk_usage(job.path).free + there) / 1e9
    if free < plan.disk_gb:
        raise TrainerError(
            f"the run needs {plan.disk_gb:.1f} GB in {job.path} for {plan.saving.keep} saves and the weights, and "
            f"{free:.1f} GB are free or its own; free some, keep fewer saves (SKYASSETS_SAVES_KEPT), or move the data "
            "folder"
        )


def _last_words(status: int, job: JobFolder, steps: int) -> str:
    """Return why the run failed: the training process's own reason, or the end of its log."""
    curve, save = job.read_curve(), job.saves.latest()
    resumes = f"; the next run resumes from the save of step {save.step}" if save else ""
    where = f"training stopped after {curve[-1].step if curve else 0} of {steps} steps"
    if job.failure.is_file():
        return f"{where}: {job.failure.read_text(encoding='utf-8')} (log: {job.log}){resumes}"
    text = job.log.read_text(encoding="utf-8", errors="replace") if job.log.is_file() else ""
    if lost := LOST_RANK.search(text):
        where += f": rank {lost[1]} was ended by signal {lost[2]}"
        where += ", probably because memory ran out" if lost[2] == "9" else ""
    elif status == KILLED:
        where += ": a process was killed, probably because memory ran out; try a smaller micro batch or more ranks"
    tail = "\n".join(f"  {line[:300]}" for line in text.splitlines()[-TAIL_LINES:])
    return f"{where}, exit status {status}{resumes}; its log ({job.log}) ends:\n{tail}"
