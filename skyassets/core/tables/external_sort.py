"""Sorts any number of rows by their key: what does not fit in memory is sorted on disk."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from skyassets.core.errors import StoreError, TableError
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.parquet import SLICE_BYTES, slices

RUN_BYTES = 128 * 2**20
"""The most bytes that are held and sorted in memory at once."""


def sorted_rows(
    table: Table, frames: Iterable[pl.DataFrame], folder: Path, memory: int = RUN_BYTES
) -> Iterator[pl.DataFrame]:
    """The rows of `frames` with the table's schema, sorted by its key, in one or more slices.

    More than `memory` bytes are written to `folder` as sorted runs, which are then merged by ranges of the key.

    Raises:
        TableError: when they violate the table's schema or key.
        StoreError: when the runs cannot be written.
    """
    waiting: list[pl.DataFrame] = [table.conform(pl.DataFrame(schema=table.schema))]
    size = 0
    with tempfile.TemporaryDirectory(prefix=f".{table.name}-", dir=folder, ignore_cleanup_errors=True) as scratch:
        runs: list[Path] = []
        keys: list[pl.Series] = []
        for frame in frames:
            waiting.append(frame)
            size += int(frame.estimated_size())
            if size >= memory:
                keys.append(_spill(table, waiting, Path(scratch) / f"{len(runs)}.arrow", runs))
                waiting, size = [], 0
        if not runs:
            yield from slices(table.conform(_joined(table, waiting)))
            return
        if waiting:
            keys.append(_spill(table, waiting, Path(scratch) / f"{len(runs)}.arrow", runs))
        del waiting
        yield from _merged(table, runs, keys)


def _joined(table: Table, frames: list[pl.DataFrame]) -> pl.DataFrame:
    for frame in frames:
        if set(frame.columns) != set(table.columns):
            table.conform(frame)  # raises an error that describes the problem
    return pl.concat([frame.select(table.columns) for frame in frames], how="vertical_relaxed")


def _spill(table: Table, frames: list[pl.DataFrame], path: Path, runs: list[Path]) -> pl.Series:
    """Write `frames` as one sorted run; returns its keys."""
    run = table.conform(_joined(table, frames))
    try:
        run.write_ipc(path, record_batch_size=1024)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(f"cannot write {path.parent}: {error}; free space or choose another data folder") from error
    runs.append(path)
    return run[table.key]


def _merged(table: Table, runs: list[Path], keys: list[pl.Series]) -> Iterator[pl.DataFrame]:
    every = pl.concat(keys).sort()
    repeated = every.filter(every.is_duplicated())
    if repeated.len():
        raise TableError(f"{table.name}: {repeated.n_unique()} ids occur twice, the first is {repeated[0]}")
    size = sum(run.stat().st_size for run in runs)
    rows = max(1, int(every.len() * SLICE_BYTES / size))
    starts = [0] * len(runs)
    for start in range(0, every.len(), rows):
        last = every[min(start + rows, every.len()) - 1]
        pieces = []
        for at, run in enumerate(runs):
            end = keys[at].search_sorted(last, side="right")
            if end > starts[at]:
                pieces.append(pl.scan_ipc(run).slice(starts[at], end - starts[at]).collect())
            starts[at] = end
        yield pl.concat(pieces).sort(table.key)
