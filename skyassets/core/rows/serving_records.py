"""What served the completions: a note for every run and model, stored next to the rows.

A row records its engine (`served_by`) and its run; the note records the rest of that run's server: number format, chat
template, hardware. Rows outlive runs and are shared by recipes, and so are the notes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.files import write_text
from skyassets.core.identity import digest


@dataclass(frozen=True)
class ServingRecords:
    """The notes of all recipes, in `folder`."""

    folder: Path

    def write(self, run: str, model: str, metadata: Mapping[str, str]) -> None:
        """Record what serves `model` in `run`, atomically.

        Raises:
            StoreError: when it cannot be written.
        """
        write_text(self._path(run, model), json.dumps({"run": run, "model": model, "facts": dict(metadata)}, indent=1))

    def read(self, run: str, model: str) -> dict[str, str]:
        """The recorded metadata; empty if there is no readable note for the run."""
        try:
            note = json.loads(self._path(run, model).read_text(encoding="utf-8"))
            return {str(name): str(value) for name, value in note["facts"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _path(self, run: str, model: str) -> Path:
        return self.folder / "served_with" / f"{digest(run, model)}.json"
