"""Reads the rows of files and of hub data sets for the problems, and says plainly what is missing."""

from pathlib import Path

from skyassets.core.errors import SourceError
from skyassets.core.files import file_digest
from skyassets.core.identity import digest
from skyassets.core.sources import HubDataset, LocalFile, Source, Unreadable
from skyassets.engines.sources.files import Rows, file_rows
from skyassets.engines.sources.hub_datasets import hub_files, hub_rows


class ProblemReader:
    """Keeps the `Reader` port: files by themselves, hub data sets with `datasets` or, file by file, without it."""

    def rows(self, source: Source) -> Rows:
        """The rows of the source's file or data set; SourceError says what was seen when they cannot be had."""
        try:
            yield from _rows(source)
        except SourceError as error:
            raise SourceError(f"{source.name}: {error}") from error

    def fingerprint(self, source: Source) -> str:
        """The file's digest; the files' of a local folder; for the hub the declaration alone.

        A hub revision that is a branch may move unseen: name a commit to pin it.
        """
        try:
            match source.origin:
                case LocalFile(path):
                    return file_digest(_there(path))
                case HubDataset(repo) as hub if Path(repo).is_dir():
                    files = hub_files(hub) if hub.files else sorted(Path(repo).rglob("*"))
                    told = [(str(path.relative_to(repo)), file_digest(path)) for path in files if path.is_file()]
                    return digest(told)
                case _:
                    return digest(source.origin)
        except SourceError as error:
            raise SourceError(f"{source.name}: {error}") from error


def _rows(source: Source) -> Rows:
    # What a layout looks at is its own affair.
    columns = None if source.layout else set(source.columns.values())
    besides = frozenset(source.images)
    match source.origin:
        case LocalFile(path):
            yield from file_rows(_there(path), columns, besides)
        case HubDataset(files=files) if files:
            for file in (found := hub_files(source.origin)):
                yield from _of(file, file_rows(file, columns, besides), alone=len(found) == 1)
        case HubDataset():
            yield from hub_rows(source.origin, columns, besides)
        case _:
            raise SourceError(f"{type(source.origin).__name__} is not read from outside")


def _there(path: str) -> Path:
    if not Path(path).is_file():
        raise SourceError(f"there is no file {path} (looked from {Path.cwd()}); check LocalFile(path=...)")
    return Path(path)


def _of(file: Path, rows: Rows, alone: bool) -> Rows:
    """`rows`, the unreadable ones with the name of their file where there are several."""
    for row in rows:
        is_told = isinstance(row, Unreadable) and not alone
        yield Unreadable(f"{file.name}, {row.place}", row.reason, row.text) if is_told else row  # type: ignore[union-attr]
