"""The saves of a run: which are complete, which is the latest, which to delete. Works on files, without any library.

A save is a folder that transformers and DeepSpeed fill. Its record is written last and lists every file with its size,
so a save interrupted by a kill or a full disk is never taken for a complete one.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.files import sync_folder, write_text

RECORD = "save.json"


@dataclass(frozen=True)
class Save:
    """A complete save: its step, and the number of ranks and ZeRO stage that wrote it."""

    path: Path
    step: int
    ranks: int
    zero_stage: int


@dataclass(frozen=True)
class Saves:
    """The saves of one run, in `folder`."""

    folder: Path

    def at(self, step: int) -> Path:
        """Return the folder in which transformers' trainer puts the save of `step`."""
        return self.folder / f"checkpoint-{step}"

    def finish(self, step: int, ranks: int, zero_stage: int) -> None:
        """Mark the save of `step` as complete, once all its files are on disk."""
        path = self.at(step)
        files = sorted(file for file in path.rglob("*") if file.is_file() and file.name != RECORD)
        for file in files:
            handle = os.open(file, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        for folder in {file.parent for file in files}:
            sync_folder(folder)
        sizes = {str(file.relative_to(path)): file.stat().st_size for file in files}
        write_text(path / RECORD, json.dumps({"ranks": ranks, "zero_stage": zero_stage, "files": sizes}))

    def whole(self) -> list[Save]:
        """Return the complete saves, oldest first."""
        saves = (self._read(path) for path in self.folder.glob("checkpoint-*"))
        return sorted((save for save in saves if save), key=lambda save: save.step)

    def latest(self) -> Save | None:
        """Return the save to resume from."""
        return next(reversed(self.whole()), None)

    def unfinished(self) -> list[Path]:
        """Return the folders that are not complete saves."""
        whole = {save.path for save in self.whole()}
        return [path for path in self.folder.glob("checkpoint-*") if path not in whole]

    def prune(self, keep: int) -> None:
        """Delete all but the latest `keep` saves, and incomplete ones."""
        for path in [*(save.path for save in self.whole()[:-keep]), *self.unfinished()]:
            self.delete(path)

    def delete(self, path: Path) -> None:
        """Delete a save. Its record goes first, so that a partly deleted save never looks complete."""
        (path / RECORD).unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)

    def _read(self, path: Path) -> Save | None:
        try:
            record = json.loads((path / RECORD).read_text(encoding="utf-8"))
            if any((path / name).stat().st_size != size for name, size in record["files"].items()):
                return None
        except (OSError, ValueError):
            return None
        return Save(path, int(path.name.removeprefix("checkpoint-")), record["ranks"], record["zero_stage"])
