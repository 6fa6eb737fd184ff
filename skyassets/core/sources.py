"""Where problems come from, as plain values; the engine that reads them and the stage that shapes them share these."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol


@dataclass(frozen=True)
class Generated:
    """Problems made by small seeded generators; train and held-out never share one, whatever the counts."""

    identity_name: ClassVar[str] = "Generated"
    families: tuple[str, ...]
    per_family: int
    seed: int
    held_out: bool


@dataclass(frozen=True)
class LocalFile:
    """Rows of a Parquet, Arrow, JSON-lines, JSON, CSV or TSV file; the text formats also with `.gz` behind."""

    identity_name: ClassVar[str] = "LocalFile"
    path: str


@dataclass(frozen=True)
class HubDataset:
    """Rows of a data set on the Hugging Face hub, or of a local folder laid out like one."""

    identity_name: ClassVar[str] = "HubDataset"
    repo: str
    split: str = ""
    revision: str = "main"
    config: str = ""
    files: tuple[str, ...] = ()
    """Patterns of the repository's data files that are read as they are, instead of `split` and `config`.

    For a data set whose own loading script no library runs any more.
    """


@dataclass(frozen=True)
class Window:
    """The days that rows are taken from, the first and the last included, as ISO dates (2024-08-01); empty for any."""

    identity_name: ClassVar[str] = "Window"
    column: str
    since: str = ""
    until: str = ""

    def __str__(self) -> str:
        return f"{self.column} from {self.since or 'any day'} to {self.until or 'any day'}"


@dataclass(frozen=True)
class Source:
    """A set of problems: where its rows are and what their columns mean to us."""

    identity_name: ClassVar[str] = "Source"
    name: str
    origin: Generated | LocalFile | HubDataset
    licence: str
    domain: str = "maths"
    question: str = "question"
    """The column with the question; so with the next ones, of which an empty name means there is none."""
    ground_truth: str = ""
    truth_after: str = ""
    """What stands before the ground truth within its column, for the last time (`####` in GSM8K)."""
    options: str = ""
    """The column that lists the options of a multiple choice; `ground_truth` is then the right one's place, from 0, or
    its letter."""
    wrong_options: tuple[str, ...] = ()
    """The columns with the wrong options, where each has its own; `ground_truth` is then the right one's text."""
    boxed_in: str = ""
    """The column with a worked solution whose last box is the ground truth."""
    layout: str = ""
    """How the row lays out its tests and reference solutions (`apps`, `taco`, `livecodebench`, ...)."""
    tests: str = ""
    """Without a layout: the column with the tests as JSON (`inputs`, `outputs`, and `fn_name` for calls)."""
    reference: str = ""
    """Without a layout: the column with a program that solves the problem, or a list of some."""
    starter_code: str = ""
    examples: str = ""
    """The column with what is shown under the question: a text, or a list of lines (MBPP's tests)."""
    images: tuple[str, ...] = ()
    """The columns that hold images, where there are such: a row with one cannot be asked, and is set aside."""
    family: str = ""
    level: str = ""
    """The column with the source's own grade of difficulty."""
    trace: str = ""
    """The column with a ready-made trace that is taken over instead of asking the teacher."""
    where: tuple[tuple[str, str], ...] = ()
    """Only rows with these values in these columns."""
    window: Window | None = None
    """Only rows of these days."""
    first: int | None = None
    """Only so many rows, in the source's order."""
    difficulty: tuple[float, float] | None = None
    """The wanted range on the AoPS scale from 1 to 10; applied to rated problems."""

    @property
    def columns(self) -> dict[str, str]:
        """The columns that are named here and have to be there, by the field that names them."""
        fields = (
            "question", "ground_truth", "boxed_in", "options", "tests", "reference", "starter_code", "examples",
            "family", "level", "trace",
        )  # fmt: skip
        named = {field: str(getattr(self, field)) for field in fields}
        named |= {f"wrong_options=({column!r}, ...)": column for column in self.wrong_options}
        named |= {f"where=({column!r}, ...)": column for column, _ in self.where}
        if self.window is not None:
            named["window=Window(...)"] = self.window.column
        return {field: column for field, column in named.items() if column}

    @property
    def is_choice(self) -> bool:
        """Whether its questions offer options to choose from."""
        return bool(self.options or self.wrong_options)

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
