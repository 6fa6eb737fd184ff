"""Writes Parquet in slices, so that a full disk gives a clear error, and checks the file by reading it back.

Pages carry checksums, so that the damaged parts of a file can be found.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from skyassets.core.errors import StoreError

SLICE_BYTES = 16 * 2**20
"""Approximate size of a row group: how much is in memory at once while a file is read or written in slices."""


def slices(frame: pl.DataFrame, size: int = SLICE_BYTES) -> Iterator[pl.DataFrame]:
    """`frame` in slices of about `size` bytes; a single slice if it has no rows."""
    if frame.is_empty():
        yield frame
        return
    rows = max(1, int(frame.height * size / max(frame.estimated_size(), 1)))
    yield from frame.iter_slices(rows)


def write_parquet(frames: Iterable[pl.DataFrame], path: Path) -> int:
    """Write `frames` (at least one) as the row groups of `path`, and verify the file; returns the number of rows.

    Raises:
        StoreError: when they cannot be written, or read back differently.
    """
    import pyarrow as pa
    from pyarrow import parquet

    written: list[tuple[int, int]] = []
    writer = None
    try:
        try:
            for frame in frames:
                table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
                if writer is None:
                    writer = parquet.ParquetWriter(path, table.schema, compression="zstd", write_page_checksum=True)
                writer.write_table(table, row_group_size=max(frame.height, 1))
                written.append((frame.height, fingerprint(frame)))
        finally:
            if writer is not None:
                writer.close()
        same = [(frame.height, fingerprint(frame)) for frame in _read_back(path, [rows for rows, _ in written])]
    except (pl.exceptions.PolarsError, pa.ArrowException, OSError) as error:
        raise StoreError(f"cannot write {path}: {error}; free space or choose another data folder") from error
    if same != written:
        raise StoreError(f"{path} reads back differently from what was written; check the disk")
    return sum(rows for rows, _ in written)


def fingerprint(frame: pl.DataFrame) -> int:
    """A sum over the row hashes; equal for equal frames within one process."""
    return int(frame.hash_rows().cast(pl.Int64, wrap_numerical=True).sum()) if frame.width else 0


def _read_back(path: Path, sizes: list[int]) -> Iterator[pl.DataFrame]:
    rows = pl.scan_parquet(path)
    start = 0
    for size in sizes:
        yield rows.slice(start, size).collect()
        start += size
