"""A table's manifest: what it was made from. It is written last, so a table without one is unfinished."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from skyassets.core.errors import StoreError
from skyassets.core.files import write_text
from skyassets.core.identity import digest


@dataclass(frozen=True)
class Inputs:
    """Everything that determines a table: the code, the parents' data versions, and the part of the recipe it uses."""

    code: str
    parents: dict[str, str]
    recipe: object

    @property
    def parts(self) -> dict[str, str]:
        """One digest per part, so that a difference can be named."""
        parents = {f"parent {name}": version for name, version in sorted(self.parents.items())}
        return {"code": self.code, "recipe": digest(self.recipe), **parents}


@dataclass(frozen=True)
class Manifest:
    """What is known about a published table without reading it."""

    table: str
    fingerprint: dict[str, str]
    data_version: str
    file_digest: str
    rows: int
    unfinished: int
    """Rows that could not be made because of an external error; the next build retries them."""
    metadata: dict[str, object]
    """Metadata reported when the table was made; it is emitted again whenever the table is reused.

    In the file its name is `facts`.
    """

    def write(self, path: Path) -> None:
        """Write the manifest to `path`."""
        values = asdict(self)
        values["facts"] = values.pop("metadata")
        write_text(path, json.dumps(values, indent=1, ensure_ascii=False))


def read_manifest(path: Path) -> Manifest | None:
    """The manifest at `path`; None if there is none or it has another version of this format.

    Raises:
        StoreError: when it exists but cannot be read.
    """
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return Manifest(metadata=values.pop("facts"), **values)
    except (FileNotFoundError, AttributeError, KeyError, TypeError, ValueError):
        return None
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error


def differences(old: dict[str, str], new: dict[str, str]) -> list[str]:
    """The names of the parts in which two fingerprints differ."""
    return sorted(name for name in old.keys() | new.keys() if old.get(name) != new.get(name))
