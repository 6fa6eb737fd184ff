"""The folder shared by a trainer and its training processes: plan, tokens, saves, curve, weights and end record.

It holds all that a run needs except the base model, so it can be moved to another machine and back.
"""

import fcntl
import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from pydantic import TypeAdapter

from skyassets.core.errors import TrainerError
from skyassets.core.files import write_text
from skyassets.core.identity import digest
from skyassets.core.ports import Step
from skyassets.core.training.spec import TrainPlan
from skyassets.engines.training.saves import Saves


@dataclass(frozen=True)
class TrainingJob:
    """A plan with its local details: the path of the base, and the trackers."""

    plan: TrainPlan
    base: Path
    likeness: str = ""
    """The `likeness` of the base on the machine where the job was made."""
    trackers: tuple[str, ...] = ()
    """Integrations of transformers' trainer that follow the run: `tensorboard`, `wandb`, `mlflow`."""


def likeness(base: Path) -> str:
    """Return a digest that quickly distinguishes bases: their small files, and the names and sizes of their weights."""
    weights = [(path.name, path.stat().st_size) for path in sorted(base.glob("*.safetensors"))]
    small = [base / name for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")]
    return digest(weights, [(path.name, path.read_text(encoding="utf-8")) for path in small if path.is_file()])


class JobBusyError(TrainerError):
    """Another run uses the folder."""


JOB = TypeAdapter(TrainingJob)


@dataclass(frozen=True)
class JobFolder:
    """The files of one job."""

    path: Path

    @classmethod
    def beside(cls, weights: Path) -> "JobFolder":
        """Return the job that writes its weights to `weights`."""
        return cls(weights.with_name(f"{weights.name}.training").absolute())

    @property
    def is_done(self) -> bool:
        """Whether finished weights are ready to be moved."""
        return self.finished.is_file() and self.model.is_dir()

    def has_left(self, weights: Path) -> bool:
        """Whether its finished weights were already moved to `weights` by a process that was then stopped."""
        return self.finished.is_file() and not self.model.exists() and (weights / "config.json").is_file()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Lock the folder while the context lasts. The kernel releases the lock when its holder ends.

        Raises:
            JobBusyError: if another run holds the lock.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".running").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise JobBusyError(
                    f"{self.path} is already being trained by {file.read() or 'another process'}"
                ) from error
            file.truncate(0)
            file.write(f"process {os.getpid()} of {socket.gethostname()}")
            file.flush()
            yield

    @property
    def tokens(self) -> Path:
        """The tokenized examples with their masks."""
        return self.path / "tokens.arrow"

    @property
    def saves(self) -> Saves:
        """The saves from which a killed run resumes."""
        return Saves(self.path / "saves")

    @property
    def model(self) -> Path:
        """Where the finished weights are written."""
        return self.path / "model"

    @property
    def finished(self) -> Path:
        """What the run was made with; exists once the weights are complete."""
        return self.path / "finished.json"

    @property
    def log(self) -> Path:
        """The output of the training processes."""
        return self.path / "log.txt"

    @property
    def failure(self) -> Path:
        """One sentence on why training stopped, if the training process knew."""
        return self.path / "failure.txt"

    @property
    def curve(self) -> Path:
        """One JSON line per optimiser step."""
        return self.path / "curve.jsonl"

    def write(self, job: TrainingJob) -> None:
        """Write the job for the training processes; keep what an earlier attempt left."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_text(self.path / "job.json", JOB.dump_json(job, indent=1).decode())
        for name, text in job.plan.files.items():
            write_text(self.path / name, text)
        self.failure.unlink(missing_ok=True)
        self.curve.touch()

    def read_job(self) -> TrainingJob:
        """Read the job.

        Raises:
            TrainerError: if there is none.
        """
        try:
            return JOB.validate_json((self.path / "job.json").read_bytes())
        except FileNotFoundError as error:
            raise TrainerError(
                f"{self.path} holds no job (no job.json); `skyassets plan --write` leaves one"
            ) from error

    def read_finished(self) -> dict[str, object]:
        """Return what the run was made with; empty before it has finished."""
        return dict(json.loads(self.finished.read_text(encoding="utf-8"))) if self.finished.is_file() else {}

    def read_curve(self) -> list[Step]:
        """Return the steps so far, without a line that is still being written."""
        if not self.curve.exists():
            return []
        with self.curve.open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines if line.endswith("\n")]
        return [Step(**{field.name: row[field.name] for field in fields(Step)}) for row in rows]

    def write_curve(self, steps: Sequence[Step]) -> None:
        """Replace the curve by `steps`."""
        write_text(self.curve, "".join(json.dumps(asdict(step)) + "\n" for step in steps))
