"""Writing Parquet so that a full disk is a clear error, and reading back what was written."""

from pathlib import Path

import polars as pl

from skyassets.core.errors import StoreError


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write `frame` to `path` and make sure that it can be read back as it was.

    Raises:
        StoreError: when it cannot be written, or is not what was written.
    """
    try:
        frame.write_parquet(path, compression="zstd", statistics=True)
        same = pl.read_parquet(path).equals(frame)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(f"cannot write {path}: {error}; free space or choose another data folder") from error
    if not same:
        raise StoreError(f"{path}: what was written is not what was read back; check the disk")
