"""Fine-tunes by a plan in processes of its own, with DeepSpeed. Never imports torch: `training_run` does the work."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.errors import ServerError, TrainerError
from skyassets.core.ports import Conversation, Step, TrainPlan
from skyassets.engines import server_watchdog
from skyassets.engines.training_job import JobFolder, TrainingJob
from skyassets.engines.weights import weights_folder

POLL_SECONDS = 0.5
NEWS_LINES = 60
"""Progress lines of a long run, about; a short one tells every step."""
TAIL_LINES = 20
RAISED = re.compile(r"^(\[rank\d+\]: )?[\w.]+(Error|Exception): ")
"""How a traceback ends, also one of several ranks."""
OUT_OF_MEMORY = (137, 247)
"""How a killed rank looks behind a shell and behind the watchdog."""


@dataclass(frozen=True)
class DeepSpeedTrainer:
    """Keeps the `Trainer` port. All of these fields say where and how fast, none of them what is learned."""

    cache: Path
    """Where base models are fetched or converted to."""
    ranks: int = 1
    """Processes: one per GPU; on a CPU one is fastest, and several are there to try the code."""
    threads: int | None = None
    """CPU threads of each rank; the cores shared out without it."""
    micro_batch: int = 4
    """Examples a rank works on at once; 1 for long ones."""
    offload: bool = False
    recompute: bool = False
    python: str = sys.executable

    def train(
        self, plan: TrainPlan, examples: Sequence[Conversation], folder: Path, said: Callable[[str], None]
    ) -> list[Step]:
        """Train and put a standard Hugging Face folder at `folder`; the log stays beside it, in `NAME.training`.

        Raises:
            TrainerError: when the base is not there, a process dies, or the loss is not finite.
        """
        try:
            base = weights_folder(plan.base, self.cache)
        except ServerError as error:
            raise TrainerError(f"there is no base to train: {error}") from error
        job = JobFolder(folder.with_name(f"{folder.name}.training").absolute())
        shutil.rmtree(job.path, ignore_errors=True)
        job.write(TrainingJob(plan, base.absolute(), self.micro_batch, self.offload, self.recompute), examples)
        said(
            f"training {plan.base.name} on {len(examples)} examples: {plan.epochs} epochs, {plan.steps} steps of "
            f"{plan.global_batch}, {plan.precision}, ZeRO-{plan.zero_stage}, {self.ranks} ranks; log in {job.log}"
        )
        with self._running(job) as process:
            curve = _watched(process, job, plan.steps, said)
        if process.returncode or len(curve) != plan.steps or not (job.model / "config.json").is_file():
            raise TrainerError(_last_words(process.returncode, job, len(curve), plan.steps))
        if folder.exists():
            folder.rename(job.path / "replaced")
        job.model.replace(folder)
        shutil.rmtree(job.path / "replaced", ignore_errors=True)
        return curve

    @contextmanager
    def _running(self, job: JobFolder) -> Iterator[subprocess.Popen[bytes]]:
        """The training processes, gone with all they started when the context ends or this process dies."""
        watched = [sys.executable, "-I", server_watchdog.__file__, str(os.getpid()), *self._command(job.path)]
        with job.log.open("wb") as log:
            process = subprocess.Popen(
                watched,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                start_new_session=True,  # so that Ctrl-C reaches us alone, and we end it in order
            )
        try:
            yield process
        finally:
            process.terminate()
            process.wait()

    def _command(self, folder: Path) -> list[str]:
        """The command line of the run, through PyTorch's launcher when there are several ranks."""
        launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={self.ranks}"]
        return [self.python, *(launcher if self.ranks > 1 else ()), "-m", "skyassets.engines.training_run", str(folder)]

    def _environment(self) -> dict[str, str]:
        """This process's environment with what the libraries read once: threads that wait quietly, and no network."""
        threads = self.threads or max(1, len(os.sched_getaffinity(0)) // self.ranks)
        return os.environ | {
            "OMP_NUM_THREADS": str(threads),
            "OMP_WAIT_POLICY": "PASSIVE",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore::FutureWarning",
        }


def _watched(process: subprocess.Popen[bytes], job: JobFolder, steps: int, said: Callable[[str], None]) -> list[Step]:
    """The whole curve, told while it grows, once the run has ended."""
    told = 0
    while True:
        ended = process.poll() is not None
        curve = job.read_curve()
        for step in curve[told:]:
            if step.step in (1, steps) or step.step % max(1, steps // NEWS_LINES) == 0:
                said(_news(curve[: step.step], steps))
        told = len(curve)
        if ended:
            return curve
        time.sleep(POLL_SECONDS)


def _news(curve: Sequence[Step], steps: int) -> str:
    """One line on the last step, with the speed of the latest ones."""
    last, recent = curve[-1], curve[-10:]
    seconds = sum(step.seconds for step in recent)
    left = seconds / len(recent) * (steps - last.step)
    speed = sum(step.tokens for step in recent) / seconds
    return f"step {last.step}/{steps}: loss {last.loss:.4f}, {speed:.0f} tokens/s, {_duration(left)} left"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _last_words(status: int, job: JobFolder, done: int, steps: int) -> str:
    """Why the run failed: what the training process said of it, or the end of its log."""
    where = f"training stopped after {done} of {steps} steps"
    if job.failure.is_file():
        return f"{where}: {job.failure.read_text(encoding='utf-8')} (log: {job.log})"
    if status in OUT_OF_MEMORY:
        where += ": a process was killed, most likely for want of memory; try a smaller micro batch or more ranks"
    lines = job.log.read_text(encoding="utf-8", errors="replace").splitlines()[-TAIL_LINES:]
    return f"{where}, exit status {status}; its log ({job.log}) ends:\n" + "\n".join(
        f"  {line[:300]}" for line in lines
    )
