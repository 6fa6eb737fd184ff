"""Reads problem files and hub data sets, row by row, and says plainly what is missing."""

from collections.abc import Callable, Iterator
from pathlib import Path

import polars as pl

from skyassets.core.errors import SourceError
from skyassets.core.files import file_digest
from skyassets.core.identity import digest
from skyassets.core.sources import HubDataset, LocalFile, Source

READERS: dict[str, Callable[[Path], pl.DataFrame]] = {
    ".parquet": pl.read_parquet,
    ".jsonl": lambda path: pl.read_ndjson(path, infer_schema_length=None),
    ".csv": lambda path: pl.read_csv(path, infer_schema=False),
}


class ProblemReader:
    """Keeps the `Reader` port: local files with polars, hub data sets with `datasets`."""

    def rows(self, source: Source) -> Iterator[dict[str, object]]:
        """The rows of the source's file or data set; SourceError says what was seen when they cannot be had."""
        match source.origin:
            case LocalFile(path):
                frame = _local(source, Path(path))
                _check_columns(source, frame.columns, path)
                return iter(frame.iter_rows(named=True))
            case HubDataset():
                return _hub(source, source.origin)
            case _:
                raise SourceError(f"{source.name}: {type(source.origin).__name__} is not read from outside")

    def fingerprint(self, source: Source) -> str:
        """The file's digest; the files' of a local folder; for the hub the declaration alone.

        A hub revision that is a branch may move unseen: name a commit to pin it.
        """
        match source.origin:
            case LocalFile(path):
                if not Path(path).is_file():
                    raise SourceError(_absent(source, path))
                return file_digest(Path(path))
            case HubDataset(repo) if Path(repo).is_dir():
                files = sorted(path for path in Path(repo).rglob("*") if path.is_file())
                return digest([(str(path.relative_to(repo)), file_digest(path)) for path in files])
            case _:
                return digest(source.origin)


def _local(source: Source, path: Path) -> pl.DataFrame:
    read = READERS.get(path.suffix)
    if read is None:
        raise SourceError(f"{source.name}: cannot read {path}; a problem file ends in one of {sorted(READERS)}")
    if not path.is_file():
        raise SourceError(_absent(source, str(path)))
    try:
        frame = read(path) if path.stat().st_size else pl.DataFrame()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise SourceError(f"{source.name}: {path} is not readable as {path.suffix[1:]}: {error}") from error
    if frame.is_empty():
        raise SourceError(f"{source.name}: {path} holds no rows; give it at least one problem")
    return frame


def _hub(source: Source, origin: HubDataset) -> Iterator[dict[str, object]]:
    try:
        import datasets
    except ModuleNotFoundError as error:
        raise SourceError(
            f"{source.name}: reading the data set {origin.repo} needs the package `datasets`; "
            'install skyassets with its extra: pip install "skyassets[cpu]" or "skyassets[gpu]"'
        ) from error
    local = Path(origin.repo).is_dir()
    pinned = {} if local else {"revision": origin.revision}
    try:
        table = datasets.load_dataset(origin.repo, origin.config or None, split=origin.split, **pinned)
    except (OSError, ValueError, RuntimeError) as error:
        raise SourceError(
            f"{source.name}: the data set {origin.repo} (split {origin.split}, revision {origin.revision}) cannot be "
            f"loaded: {error}; check the name, the network, and HF_TOKEN if it is gated"
        ) from error
    _check_columns(source, table.column_names, origin.repo)
    return iter(table)


def _check_columns(source: Source, columns: list[str], place: str) -> None:
    fields = ("question", "ground_truth", "boxed_in", "tests", "starter_code", "family", "trace")
    named = {field: getattr(source, field) for field in fields} | {f"where {name}": name for name, _ in source.where}
    for field, column in named.items():
        if column and column not in columns:
            raise SourceError(
                f"{source.name}: no column {column!r} in {place}, only {columns}; name the right one in "
                f"Source({field.split()[0]}=...)"
            )


def _absent(source: Source, path: str) -> str:
    return f"{source.name}: there is no file {path} (looked from {Path.cwd()}); check LocalFile(path=...)"
