"""Sources of problems as plain values, shared by the engine that reads them and the stage that converts them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, Protocol

from skyassets.core.conditions import Condition


@dataclass(frozen=True)
class Generated:
    """Problems made by small seeded generators; training and held-out problems never overlap, whatever the counts."""

    identity_name: ClassVar[str] = "Generated"
    families: tuple[str, ...]
    per_family: int
    seed: int
    held_out: bool


@dataclass(frozen=True)
class LocalFile:
    """Rows of a Parquet, Arrow, JSON-lines, JSON, CSV or TSV file; text formats may be compressed (`.gz`)."""

    identity_name: ClassVar[str] = "LocalFile"
    path: str


@dataclass(frozen=True)
class HubDataset:
    """Rows of a data set on the Hugging Face Hub, or of a local folder with the same layout."""

    identity_name: ClassVar[str] = "HubDataset"
    repo: str
    split: str = ""
    revision: str = "main"
    config: str = ""
    files: tuple[str, ...] = ()
    """Patterns of data files in the repository that are read directly, instead of `split` and `config`.

    For data sets whose own loading script is no longer supported.
    """


@dataclass(frozen=True)
class Window:
    """A range of dates for rows, both ends included, as ISO dates (2024-08-01); an empty end is open."""

    identity_name: ClassVar[str] = "Window"
    column: str
    since: str = ""
    until: str = ""

    def __str__(self) -> str:
        return f"{self.column} from {self.since or 'any day'} to {self.until or 'any day'}"


@dataclass(frozen=True)
class Source:
    """A set of problems: where its rows are and what their columns mean."""

    identity_name: ClassVar[str] = "Source"
    name: str
    origin: Generated | LocalFile | HubDataset
    licence: str
    domain: str = "maths"
    question: str = "question"
    """The column with the question. In this and the following fields, an empty name means that there is none."""
    ground_truth: str = ""
    truth_after: str = ""
    """The marker before the ground truth within its column; the last one counts (`####` in GSM8K)."""
    options: str = ""
    """The column that lists the multiple-choice options; `ground_truth` is then the right one's index (from 0) or
    letter.
    """
    wrong_options: tuple[str, ...] = ()
    """The columns with the wrong options, if each has its own; `ground_truth` is then the text of the right one."""
    boxed_in: str = ""
    """The column with a worked solution whose last boxed answer is the ground truth."""
    layout: str = ""
    """The format of the row's tests and reference solutions (`apps`, `taco`, `livecodebench`, ...)."""
    tests: str = ""
    """Without a layout: the column with the tests as JSON (`inputs`, `outputs`, and `fn_name` for calls)."""
    reference: str = ""
    """Without a layout: the column with a program that solves the problem, or a list of such programs."""
    starter_code: str = ""
    examples: str = ""
    """The column with text shown below the question: a text, or a list of lines (MBPP's tests)."""
    images: tuple[str, ...] = ()
    """The columns with images, if any: a row with an image cannot be asked, and is set aside."""
    family: str = ""
    level: str = ""
    """The column with the source's own difficulty level."""
    trace: str = ""
    """The column with a ready-made trace that is used instead of asking the teacher."""
    where: tuple[tuple[str, str | Condition], ...] = ()
    """Only rows with these values in these columns, or for which these conditions hold."""
    window: Window | None = None
    """Only rows within these dates."""
    first: int | None = None
    """Only the first rows, in the source's order."""
    difficulty: tuple[float, float] | None = None
    """The wanted difficulty range on the AoPS scale from 1 to 10; applied to rated problems."""

    @property
    def columns(self) -> dict[str, str]:
        """The named columns that must exist, by the field that names them."""
        fields = (
            "question", "ground_truth", "boxed_in", "options", "tests", "reference", "starter_code", "examples",
            "family", "level", "trace",
        )  # fmt: skip
        columns = {field: str(getattr(self, field)) for field in fields}
        columns |= {f"wrong_options=({column!r}, ...)": column for column in self.wrong_options}
        columns |= {f"where=({column!r}, ...)": column for column, _ in self.where}
        if self.window is not None:
            columns["window=Window(...)"] = self.window.column
        return {field: column for field, column in columns.items() if column}

    @property
    def is_choice(self) -> bool:
        """Whether its questions are multiple choice."""
        return bool(self.options or self.wrong_options)

    @property
    def location(self) -> str:
        """The location of its rows, for people."""
        match self.origin:
            case LocalFile(path):
                return path
            case HubDataset(repo):
                return repo
            case Generated():
                return "the generators"


@dataclass(frozen=True)
class Unreadable:
    """A row that could not be read: its position, the reason, and its text as far as available."""

    position: str
    reason: str
    text: str = ""


class Reader(Protocol):
    """Reads the rows of files and data sets."""

    def rows(self, source: Source) -> Iterator[dict[str, object] | Unreadable]:
        """The rows of a LocalFile or HubDataset, in order; a bad row is yielded as `Unreadable`, and reading continues.

        Raises:
            SourceError: when the source as a whole cannot be read.
        """
        ...

    def fingerprint(self, source: Source) -> str:
        """Digest of what `rows` would read; avoids reading everything if the source has a version."""
        ...
