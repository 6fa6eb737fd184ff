"""Reads the rows of files and of hub data sets for the problems, and says plainly what is missing."""

from collections.abc import Iterator
from pathlib import Path

from skyassets.core.errors import SourceError
from skyassets.core.files import file_digest
from skyassets.core.identity import digest
from skyassets.core.sources import HubDataset, LocalFile, Source, Unreadable
from skyassets.engines.problem_files import Rows, file_rows


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
                    files = _hub_files(hub) if hub.files else sorted(Path(repo).rglob("*"))
                    told = [(str(path.relative_to(repo)), file_digest(path)) for path in files if path.is_file()]
                    return digest(told)
                case _:
                    return digest(source.origin)
        except SourceError as error:
            raise SourceError(f"{source.name}: {error}") from error


def _rows(source: Source) -> Rows:
    # What a layout looks at is its own affair.
    columns = None if source.layout else set(source.columns.values())
    match source.origin:
        case LocalFile(path):
            yield from file_rows(_there(path), columns)
        case HubDataset(files=files) if files:
            for file in (found := _hub_files(source.origin)):
                yield from _of(file, file_rows(file, columns), alone=len(found) == 1)
        case HubDataset():
            yield from _hub(source.origin)
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


def _hub_files(origin: HubDataset) -> list[Path]:
    """The data files that `origin` names, of a local folder or brought here from the hub, in the order of the names."""
    folder = Path(origin.repo)
    if not folder.is_dir():
        import huggingface_hub

        try:
            folder = Path(
                huggingface_hub.snapshot_download(
                    origin.repo, repo_type="dataset", revision=origin.revision, allow_patterns=list(origin.files)
                )
            )
        except (OSError, ValueError, RuntimeError) as error:
            raise SourceError(_unloaded(origin, error)) from error
    found = [sorted(path for path in folder.glob(pattern) if path.is_file()) for pattern in origin.files]
    if [] in found:
        there = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        raise SourceError(
            f"no file {origin.files[found.index([])]!r} in {origin.repo}, only {there[:20]}; name the right ones in "
            "HubDataset(files=...)"
        )
    return [path for paths in found for path in paths]


def _hub(origin: HubDataset) -> Iterator[dict[str, object]]:
    try:
        import datasets
    except ModuleNotFoundError as error:
        raise SourceError(
            f"reading the data set {origin.repo} needs the package `datasets`; "
            'install skyassets with its extra: pip install "skyassets[cpu]" or "skyassets[gpu]"'
        ) from error
    pinned = {} if Path(origin.repo).is_dir() else {"revision": origin.revision}
    if not origin.split:
        raise SourceError(f"the data set {origin.repo} needs a split; name it in HubDataset(split=...)")
    try:
        table = datasets.load_dataset(origin.repo, origin.config or None, split=origin.split, **pinned)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise SourceError(_unloaded(origin, error)) from error
    return iter(table)


def _unloaded(origin: HubDataset, error: Exception) -> str:
    what = f"files {list(origin.files)}" if origin.files else f"split {origin.split}"
    return (
        f"the data set {origin.repo} ({what}, revision {origin.revision}) cannot be loaded: {error}; check the name, "
        "the network, and HF_TOKEN if it is gated; where a data set comes with a loading script, or its rows differ in "
        "their types, name its data files in HubDataset(files=...)"
    )
