"""The folder through which a trainer and its training processes speak: plan, tokens, saves, curve, weights, end.

It holds all that a run needs but the base model, so it can be carried to another machine and back.
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
    """A plan with what is only true here and now: where the base lies, and who else is told of the run."""

    plan: TrainPlan
    base: Path
    likeness: str = ""
    """What `likeness` said of the base where the job was made."""
    trackers: tuple[str, ...] = ()
    """Integrations of transformers' trainer that follow the run: `tensorboard`, `wandb`, `mlflow`."""


def likeness(base: Path) -> str:
    """A digest that tells two bases apart in a moment: their small files, and the names and sizes of their weights."""
    told = [(path.name, path.stat().st_size) for path in sorted(base.glob("*.safetensors"))]
    small = [base / name for name in ("config.json", "tokenizer.json", "tokenizer_config.json", "chat_template.jinja")]
    return digest(told, [(path.name, path.read_text(encoding="utf-8")) for path in small if path.is_file()])


class JobBusyError(TrainerError):
    """Another run works in the folder."""


JOB = TypeAdapter(TrainingJob)


@dataclass(frozen=True)
class JobFolder:
    """The files of one job."""

    path: Path

    @classmethod
    def beside(cls, weights: Path) -> "JobFolder":
        """The job that leaves its weights at `weights`."""
        return cls(weights.with_name(f"{weights.name}.training").absolute())

    @property
    def is_done(self) -> bool:
        """Whether finished weights wait here to be taken."""
        return self.finished.is_file() and self.model.is_dir()

    def has_left(self, weights: Path) -> bool:
        """Whether its finished weights were taken to `weights` already, by somebody who then was stopped."""
        return self.finished.is_file() and not self.model.exists() and (weights / "config.json").is_file()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder for as long as the context lasts; the kernel lets go of it when its holder ends.

        Raises:
            JobBusyError: when another run holds it.
        """
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / ".running").open("a+", encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise JobBusyError(f"{self.path} is being trained already, by {file.read() or 'somebody'}") from error
            file.truncate(0)
            file.write(f"process {os.getpid()} of {socket.gethostname()}")
            file.flush()
            yield

    @property
    def tokens(self) -> Path:
        """The examples as tokens with their masks."""
        return self.path / "tokens.arrow"

    @property
    def saves(self) -> Saves:
        """The states that a killed run goes on from."""
        return Saves(self.path / "saves")

    @property
    def model(self) -> Path:
        """Where the finished weights go."""
        return self.path / "model"

    @property
    def finished(self) -> Path:
        """What the run was made with; there once the weights are whole."""
        return self.path / "finished.json"

    @property
    def log(self) -> Path:
        """All that the training processes print."""
        return self.path / "log.txt"

    @property
    def failure(self) -> Path:
        """One sentence on why training stopped, when the training process knew."""
        return self.path / "failure.txt"

    @property
    def curve(self) -> Path:
        """One JSON line per optimiser step."""
        return self.path / "curve.jsonl"

    def write(self, job: TrainingJob) -> None:
        """Leave the job for the training processes; what an earlier try left stays."""
        self.path.mkdir(parents=True, exist_ok=True)
        write_text(self.path / "job.json", JOB.dump_json(job, indent=1).decode())
        for name, text in job.plan.files.items():
            write_text(self.path / name, text)
        self.failure.unlink(missing_ok=True)
        self.curve.touch()

    def read_job(self) -> TrainingJob:
        """The job as it was written.

        Raises:
            TrainerError: when there is none.
        """
        try:
            return JOB.validate_json((self.path / "job.json").read_bytes())
        except FileNotFoundError as error:
            raise TrainerError(
                f"{self.path} holds no job (no job.json); `skyassets plan --write` leaves one"
            ) from error

    def read_finished(self) -> dict[str, object]:
        """What the run was made with; nothing before it has ended."""
        return dict(json.loads(self.finished.read_text(encoding="utf-8"))) if self.finished.is_file() else {}

    def read_curve(self) -> list[Step]:
        """The steps taken so far; a line still being written is left for the next time."""
        if not self.curve.exists():
            return []
        with self.curve.open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines if line.endswith("\n")]
        return [Step(**{field.name: row[field.name] for field in fields(Step)}) for row in rows]

    def write_curve(self, steps: Sequence[Step]) -> None:
        """Have the curve say these steps and no others."""
        write_text(self.curve, "".join(json.dumps(asdict(step)) + "\n" for step in steps))
