"""Reads data sets of the Hugging Face hub, or local folders with the same layout, with the user's token if any.

`huggingface_hub` finds the token: HF_TOKEN, or the login of `hf auth login`. It is never read here.
"""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

from skyassets.core.errors import SourceError
from skyassets.core.hints import INSTALL
from skyassets.core.sources import HubDataset
from skyassets.engines.sources.hub_errors import explain

BATCH_ROWS = 256


def hub_files(origin: HubDataset) -> list[Path]:
    """Return the data files of `origin`, local or downloaded, in the order of its names.

    Raises:
        SourceError: if the hub does not provide them, or a name matches no file.
    """
    folder = Path(origin.repo)
    if not folder.is_dir():
        folder = _downloaded(origin)
    matches = [sorted(path for path in folder.glob(pattern) if path.is_file()) for pattern in origin.files]
    if [] in matches:
        names = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
        raise SourceError(
            f"no file {origin.files[matches.index([])]!r} in {origin.repo}, only {names[:20]}; correct "
            "HubDataset(files=...)"
        )
    return [path for paths in matches for path in paths]


def hub_rows(origin: HubDataset, columns: set[str] | None, besides: frozenset[str]) -> Iterator[dict[str, object]]:
    """Yield the rows of a split; only `columns`, if all of them exist, and those of `besides` that exist.

    Values are returned as stored: an image is bytes and a path, and nothing is decoded.

    Raises:
        SourceError: if `datasets` is not installed, or the data set is not available.
    """
    try:
        import datasets
        from huggingface_hub.errors import HTTPError
    except ModuleNotFoundError as error:
        raise SourceError(f"reading the data set {origin.repo} needs the package `datasets`; {INSTALL}") from error
    if not origin.split:
        raise SourceError(f"the data set {origin.repo} needs a split; name it in HubDataset(split=...)")
    with contextlib.ExitStack() as stack:
        version: dict[str, str] = {"revision": origin.revision}
        if Path(origin.repo).is_dir():
            # `datasets` caches a local folder by its name, so after an edit it would return the old rows.
            version = {"cache_dir": stack.enter_context(tempfile.TemporaryDirectory(prefix="skyassets-"))}
        try:
            table = datasets.load_dataset(origin.repo, origin.config or None, split=origin.split, **version)
        except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError, HTTPError) as error:
            raise SourceError(explain(origin, error)) from error
        names = set(table.column_names)
        if columns and columns <= names:
            table = table.select_columns(sorted(columns | besides & names))
        for batch in table.with_format("arrow").iter(BATCH_ROWS):
            yield from batch.to_pylist()


def _downloaded(origin: HubDataset) -> Path:
    import huggingface_hub
    from huggingface_hub.errors import HTTPError

    try:
        return Path(
            huggingface_hub.snapshot_download(
                origin.repo, repo_type="dataset", revision=origin.revision, allow_patterns=list(origin.files)
            )
        )
    except (OSError, ValueError, RuntimeError, HTTPError) as error:
        raise SourceError(explain(origin, error)) from error
