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
    """Rows of a Parquet, Arrow, JSON-lines, JSON, CSV or TSV file; the text formats also with `.gz` behind."""

    path: str


@dataclass(frozen=True)
class HubDataset:
    """Rows of a data set on the Hugging Face hub, or of a local folder laid out like one."""

    repo: str
    split: str = ""
    revision: str = "main"
    config: str = ""
    files: tuple[str, ...] = ()
    """Patterns of the repository's data files that are read as they are, instead of `split` and `config`.

    For a data set whose own loading script no library runs any more.
    """


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
    truth_after: str = ""
    """What stands before the ground truth within its column, for the last time (`####` in GSM8K)."""
    boxed_in: str = ""
    """The column with a worked solution whose last box is the ground truth."""
    layout: str = ""
    """How the row lays out its tests and reference solutions (`apps`, `taco`, `livecodebench`, ...)."""
    tests: str = ""
    """Without a layout: the column with the tests as JSON (`inputs`, `outputs`, and `fn_name` for calls)."""
    reference: str = ""
    """Without a layout: the column with a program that solves the problem, or a list of some."""
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

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are named here, by the field that names them."""
        fields = (
            "question", "ground_truth", "boxed_in", "tests", "reference", "starter_code", "family", "trace",
        )  # fmt: skip
        named = {field: str(getattr(self, field)) for field in fields}
        return {field: column for field, column in named.items() if column} | {
            f"where=({column!r}, ...)": column for column, _ in self.where
        }

    @property
    def place(self) -> str:
        """Where its rows are, for people."""
        match self.origin:
            case LocalFile(path):
                return path
            case HubDataset(repo):
                return repo
            case Generated():
                return "the generators"


@dataclass(frozen=True)
class Unreadable:
    """A row that is there and could not be read: where it stands, why not, and its text as far as there is one."""

    place: str
    reason: str
    text: str = ""


class Reader(Protocol):
    """Reads the rows of files and data sets."""

    def rows(self, source: Source) -> Iterator[dict[str, object] | Unreadable]:
        """The rows of a LocalFile or HubDataset, in order; a bad one is told, and the next one read.

        Raises:
            SourceError: when the whole cannot be read.
        """
        ...

    def fingerprint(self, source: Source) -> str:
        """Digest of what `rows` would read, without reading it all where the place can vouch for it."""
        ...
