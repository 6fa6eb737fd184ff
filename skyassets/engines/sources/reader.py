"""Reads the rows of files and hub data sets for the problems, with clear errors for what is missing."""

from dataclasses import replace
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
                    return file_digest(_existing(path))
                case HubDataset(repo) as hub if Path(repo).is_dir():
                    files = hub_files(hub) if hub.files else sorted(Path(repo).rglob("*"))
                    return digest(
                        [(str(path.relative_to(repo)), file_digest(path)) for path in files if path.is_file()]
                    )
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
            yield from file_rows(_existing(path), columns, besides)
        case HubDataset(files=patterns) if patterns:
            files = hub_files(source.origin)
            for file in files:
                for row in file_rows(file, columns, besides):
                    if isinstance(row, Unreadable) and len(files) > 1:
                        row = replace(row, position=f"{file.name}, {row.position}")
                    yield row
        case HubDataset():
            yield from hub_rows(source.origin, columns, besides)
        case _:
            raise SourceError(f"{type(source.origin).__name__} has no rows to read")


def _existing(path: str) -> Path:
    if not Path(path).is_file():
        raise SourceError(f"no file {path} (the current folder is {Path.cwd()}); check LocalFile(path=...)")
    return Path(path)
