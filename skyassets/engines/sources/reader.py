"""Reads the rows of files and hub data sets for the problems, with clear errors for what is missing."""

from pathlib import Path

from skyassets.core.errors import SourceError
from skyassets.core.files import file_digest
from skyassets.core.identity import digest
from skyassets.core.sources import HubDataset, LocalFile, Source, Unreadable
from skyassets.engines.sources.files import Rows, file_rows
from skyassets.engines.sources.hub_datasets import hub_files, hub_rows


class ProblemReader:
    """Implements the `Reader` port: files directly, hub data sets with `datasets`, or file by file without it."""

    def rows(self, source: Source) -> Rows:
        """Return the rows of the source's file or data set. Raises SourceError if they are not available."""
        try:
            yield from _rows(source)
        except SourceError as error:
            raise SourceError(f"{source.name}: {error}") from error

    def fingerprint(self, source: Source) -> str:
        """Return the digest of a file or of a local folder's files; for the hub, of the declaration alone.

        A hub revision that is a branch may change unnoticed: name a commit to pin it.
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
    # A layout may read any column.
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
    """Return `rows`; if there are several files, unreadable rows get the name of their file."""
    for row in rows:
        is_told = isinstance(row, Unreadable) and not alone
        yield Unreadable(f"{file.name}, {row.place}", row.reason, row.text) if is_told else row  # type: ignore[union-attr]
