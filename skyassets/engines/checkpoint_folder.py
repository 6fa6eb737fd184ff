"""The folder of a training run: written apart, swapped in whole, used again when the same run is asked for."""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

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
        self, trainer: Trainer, plan: TrainPlan, examples: Sequence[Conversation], said: Callable[[str], None]
    ) -> list[Step]:
        """The curve of the run that `plan` and `examples` ask for; trains only if that run's weights are not here.

        Raises:
            TrainerError: when training fails; the weights of the last run stay where they were.
        """
        run = digest(plan, list(examples))
        fresh = self.folder.with_name(f".{self.folder.name}.new")
        if self._made_by(self.folder) != run:
            if self._made_by(fresh) != run:
                shutil.rmtree(fresh, ignore_errors=True)
                curve = trainer.train(plan, examples, fresh, said)
                if not self._files(fresh):
                    raise TrainerError(f"the training run left no files in {fresh}; look at its log")
                record = {"run": run, "curve": [asdict(step) for step in curve]}
                write_text(fresh / RECORD, json.dumps(record))
            self._swap_in(fresh)
        else:
            said(f"the weights of this very run are in {self.folder}; not training again")
        record = json.loads((self.folder / RECORD).read_text(encoding="utf-8"))
        return [Step(**step) for step in record["curve"]]

    def files(self) -> list[WeightsFile]:
        """The weights' files with their digests, the record left out."""
        return [
            WeightsFile(str(path.relative_to(self.folder)), path.stat().st_size, file_digest(path))
            for path in self._files(self.folder)
        ]

    def damage(self, expected: Sequence[WeightsFile]) -> str:
        """What is wrong with the folder, against the files it should hold; empty when nothing is."""
        for file in expected:
            path = self.folder / file.path
            if not path.is_file():
                return f"the weights' file {path} is gone"
            size = path.stat().st_size
            if size != file.bytes or (size <= WHOLE_DIGEST_LIMIT and file_digest(path) != file.blake2b):
                return f"the weights' file {path} was changed from outside"
        return ""

    def discard(self) -> None:
        """Remove weights that are known to be harmed, so that the next training does not take them for finished."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _files(self, folder: Path) -> list[Path]:
        return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != RECORD)

    def _made_by(self, folder: Path) -> str | None:
        try:
            return str(json.loads((folder / RECORD).read_text(encoding="utf-8"))["run"])
        except (FileNotFoundError, ValueError, KeyError):
            return None

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
