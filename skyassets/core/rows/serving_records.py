"""What served the completions: a note for every run and model that was asked, kept beside the rows.

A row says who answered it (`served_by`) and in which run; the note says the rest of that run's server: number format,
chat template, hardware. Rows outlive runs and are shared by recipes, and so are the notes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skyassets.core.files import write_text
from skyassets.core.identity import digest


@dataclass(frozen=True)
class ServingNotes:
    """The notes of all recipes, in `folder`."""

    folder: Path

    def write(self, run: str, model: str, facts: Mapping[str, str]) -> None:
        """Note what serves `model` in `run`, whole or not at all.

        Raises:
            StoreError: when it cannot be written.
        """
        write_text(self._path(run, model), json.dumps({"run": run, "model": model, "facts": dict(facts)}, indent=1))

    def read(self, run: str, model: str) -> dict[str, str]:
        """What was noted; nothing for a run of which there is no note, or none that can be read."""
        try:
            found = json.loads(self._path(run, model).read_text(encoding="utf-8"))
            return {str(name): str(value) for name, value in found["facts"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _path(self, run: str, model: str) -> Path:
        return self.folder / "served_with" / f"{digest(run, model)}.json"
