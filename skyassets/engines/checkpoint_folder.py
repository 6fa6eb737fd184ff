"""The folder of a training run: written apart, swapped in whole, used again when the same run is asked for."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from skyassets.core.errors import StoreError, TrainerError
from skyassets.core.files import file_digest, write_text
from skyassets.core.identity import digest
from skyassets.core.ports import Conversation, Step, Trainer, TrainPlan

RECORD = "training.json"
"""What run made the weights, and its curve; written last, so a folder without it is not finished."""

WHOLE_DIGEST_LIMIT = 2**30
"""Bytes above which a file is looked at by its size alone when nothing else tells of harm: 64 GB take a minute."""


@dataclass(frozen=True)
class WeightsFile:
    """A file of the weights' folder."""

    path: str
    bytes: int
    blake2b: str


@dataclass(frozen=True)
class CheckpointFolder:
    """The weights of one recipe, at `folder`."""

    folder: Path

    def train(
        self,
        trainer: Trainer,
        plan: TrainPlan,
        examples: Sequence[Conversation],
        code: str,
        said: Callable[[str], None],
    ) -> list[Step]:
        """The curve of the run that `plan`, `examples` and the trainer's `code` ask for.

        Trains only if that run's weights are not here, whole. The last run's weights stay until new ones are there.

        Raises:
            TrainerError: when training fails; the weights of the last run stay where they were.
        """
        run = digest(plan, list(examples), code)
        fresh = self.folder.with_name(f".{self.folder.name}.new")
        if self._whole(self.folder, run):
            said(f"the weights of this very run are in {self.folder}; not training again")
        else:
            if not self._whole(fresh, run):
                shutil.rmtree(fresh, ignore_errors=True)
                curve = trainer.train(plan, examples, fresh, said)
                files = _files(fresh)
                if not files:
                    raise TrainerError(f"the training run left no files in {fresh}; look at its log")
                record = {"run": run, "files": [asdict(file) for file in files], "curve": [asdict(s) for s in curve]}
                write_text(fresh / RECORD, json.dumps(record))
            self._swap_in(fresh)
        return [Step(**step) for step in _record(self.folder)["curve"]]

    def files(self) -> list[WeightsFile]:
        """The weights' files with their digests, as they were when training ended."""
        return [WeightsFile(**file) for file in _record(self.folder)["files"]]

    def damage(self, expected: Sequence[WeightsFile]) -> str:
        """What is wrong with the folder, against the files it should hold; empty when nothing is."""
        return _damage(self.folder, expected)

    def _whole(self, folder: Path, run: str) -> bool:
        """Whether `folder` holds all that `run` left there."""
        record = _record(folder)
        return record.get("run") == run and not _damage(folder, [WeightsFile(**file) for file in record["files"]])

    def _swap_in(self, fresh: Path) -> None:
        old = self.folder.with_name(f".{self.folder.name}.old")
        try:
            shutil.rmtree(old, ignore_errors=True)
            if self.folder.exists():
                self.folder.rename(old)
            fresh.rename(self.folder)
            shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            raise StoreError(
                f"cannot move the weights to {self.folder}: {error.strerror}; they are in {fresh}"
            ) from error


def _record(folder: Path) -> dict[str, Any]:
    """What is known of the run that left `folder`; nothing when it did not end."""
    try:
        return dict(json.loads((folder / RECORD).read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return {}


def _files(folder: Path) -> list[WeightsFile]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != RECORD)
    return [WeightsFile(str(path.relative_to(folder)), path.stat().st_size, file_digest(path)) for path in paths]


def _damage(folder: Path, expected: Sequence[WeightsFile]) -> str:
    for file in expected:
        path = folder / file.path
        if not path.is_file():
            return f"the weights' file {path} is gone"
        size = path.stat().st_size
        if size != file.bytes or (size <= WHOLE_DIGEST_LIMIT and file_digest(path) != file.blake2b):
            return f"the weights' file {path} was changed from outside"
    return ""
