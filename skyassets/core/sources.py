"""Where problems come from, as plain values; the engine that reads them and the stage that shapes them share these."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Generated:
    """Problems made by small seeded generators; train and held-out never share one, whatever the counts."""

    families: tuple[str, ...]
    per_family: int
    seed: int
    held_out: bool


@dataclass(frozen=True)
class LocalFile:
    """Rows of a Parquet, JSON-lines or CSV file."""

    path: str


@dataclass(frozen=True)
class HubDataset:
    """Rows of a data set on the Hugging Face hub, or of a local folder laid out like one."""

    repo: str
    split: str
    revision: str = "main"
    config: str = ""


@dataclass(frozen=True)
class Source:
    """A set of problems: where its rows are and what their columns mean to us."""

    name: str
    origin: Generated | LocalFile | HubDataset
    licence: str
    domain: str = "maths"
    question: str = "question"
    """The column with the question; so with the next ones, of which an empty name means there is none."""
    ground_truth: str = ""
    boxed_in: str = ""
    """The column with a worked solution whose last box is the ground truth."""
    tests: str = ""
    """The column with the test cases as JSON (`inputs`, `outputs`, and `fn_name` for call-based ones)."""
    starter_code: str = ""
    family: str = ""
    trace: str = ""
    """The column with a ready-made trace that is taken over instead of asking the teacher."""
    where: tuple[tuple[str, str], ...] = ()
    """Only rows with these values in these columns."""
    first: int | None = None
    """Only so many rows, in the source's order."""
    difficulty: tuple[float, float] | None = None
    """The wanted range on the AoPS scale from 1 to 10; applied to rated problems."""


class Reader(Protocol):
    """Reads the rows of files and data sets."""

    def rows(self, source: Source) -> Iterator[dict[str, object]]:
        """The rows of a LocalFile or HubDataset, in order.

        Raises:
            SourceError: when it cannot be read, is empty, or lacks a column that `source` names.
        """
        ...

    def fingerprint(self, source: Source) -> str:
        """Digest of what `rows` would read, without reading it all where the place can vouch for it."""
        ...
