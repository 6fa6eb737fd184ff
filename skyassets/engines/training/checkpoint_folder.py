"""The trained weights of a recipe, one folder per run: written atomically, reused when the same run is requested."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from skyassets.core.errors import TrainerError
from skyassets.core.files import write_text
from skyassets.core.identity import digest
from skyassets.core.ports import Conversation, Step
from skyassets.core.training.spec import Trainer, TrainPlan
from skyassets.engines.training.job import JobFolder

CARD = "README.md"
"""The model card. It is rewritten with every report, so it is not part of the weights."""
WHOLE_DIGEST_LIMIT = 2**30
"""Larger files (in bytes) are checked by size alone if nothing else indicates damage: hashing 64 GB takes a minute."""
PLAN = TypeAdapter(TrainPlan)
NAME_LENGTH = 12
"""Length of the digest in a run's folder name."""


@dataclass(frozen=True)
class WeightsFile:
    """A file in the weights folder."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Run:
    """A finished run: its folder, its files as they were then, its curve, and what it was made with."""

    folder: Path
    files: tuple[WeightsFile, ...]
    curve: tuple[Step, ...]
    plan: TrainPlan
    environment: dict[str, object]


def run_name(training: object, examples: Sequence[Conversation], code: str) -> str:
    """Return the name of a run: a digest of the training settings, examples and code, but not of the machine."""
    return digest("run", training, list(examples), code)[:NAME_LENGTH]


@dataclass(frozen=True)
class CheckpointFolder:
    """All runs of one recipe, in `folder`."""

    folder: Path

    def train(
        self,
        trainer: Trainer,
        planned: Callable[[], TrainPlan],
        examples: Sequence[Conversation],
        name: str,
        log: Callable[[str], None],
    ) -> Run:
        """Return the run called `name`, training it unless its weights are here and intact. Keeps other runs.

        `planned` is only called if there is something to train: a machine too small to train may use a run that a
        larger one has finished.

        Raises:
            TrainerError: if the run cannot be planned, or training fails.
        """
        folder = self.folder / name
        if self.damage(name):
            job, record_file = self.job(name), self._record_file(name)
            if record_file.exists():
                # The weights were complete and have been damaged since, so the job's end record no longer holds.
                job.finished.unlink(missing_ok=True)
                record_file.unlink()
            plan = job.read_job().plan if job.is_done or job.has_left(folder) else planned()
            curve = trainer.train(plan, examples, folder, log)
            files = _files(folder)
            if not files:
                raise TrainerError(f"the training run left no files in {folder}; look at its log")
            record: dict[str, object] = {
                "files": [asdict(file) for file in files],
                "curve": [asdict(step) for step in curve],
            }
            record |= {"plan": PLAN.dump_python(plan, mode="json"), "environment": job.read_finished()}
            write_text(record_file, json.dumps(record))
        else:
            log(f"the weights of this run are already in {folder}; not training again")
        return self.run(name)

    def job(self, name: str) -> JobFolder:
        """Return the folder in which a run is trained, with its log and curve."""
        return JobFolder.beside(self.folder / name)

    def is_finished(self, name: str) -> bool:
        """Whether the run's record exists; its files may have been damaged since."""
        return bool(self._record(name))

    def run(self, name: str) -> Run:
        """Return a finished run, as it was when training ended."""
        record = self._record(name)
        return Run(
            self.folder / name,
            tuple(WeightsFile(**file) for file in record["files"]),
            tuple(Step(**step) for step in record["curve"]),
            PLAN.validate_python(record["plan"]),
            dict(record["environment"]),
        )

    def damage(self, name: str, expected: Sequence[WeightsFile] = ()) -> str:
        """Return what is wrong with a run's files, compared to `expected` or its own record; empty if nothing is."""
        folder = self.folder / name
        record = self._record(name)
        if not record:
            return f"the weights in {folder} are gone or not finished"
        for file in expected or [WeightsFile(**file) for file in record["files"]]:
            path = folder / file.path
            if not path.is_file():
                return f"the weights' file {path} is gone"
            size = path.stat().st_size
            if size != file.bytes or (size <= WHOLE_DIGEST_LIMIT and sha256(path) != file.sha256):
                return f"the weights' file {path} was changed from outside"
        return ""

    def _record_file(self, name: str) -> Path:
        """The run and its curve. Written last, so weights without a record are unfinished."""
        return self.folder / f"{name}.json"

    def _record(self, name: str) -> dict[str, Any]:
        """Return the record of a run; empty if it did not finish."""
        try:
            return dict(json.loads(self._record_file(name).read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return {}


def sha256(path: Path) -> str:
    """Return the SHA-256 of the file as hex, as `sha256sum` and the hub show it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> list[WeightsFile]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CARD)
    return [WeightsFile(str(path.relative_to(folder)), path.stat().st_size, sha256(path)) for path in paths]
