"""The parts of a row store: immutable Parquet files, each named by the digest of its bytes."""

import contextlib
import functools
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.files import file_digest, replaced
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.parquet import write_parquet

PARTS = "part-*.parquet"
NAME = re.compile(r"part-(?P<digest>[0-9a-f]{32})-sealed\.parquet")


def parts(folder: Path) -> list[Path]:
    """The parts in `folder`."""
    return sorted(folder.glob(PARTS))


def publish(frames: Iterable[pl.DataFrame], folder: Path) -> Path:
    """Write `frames` as a new part; durable on return.

    Raises:
        StoreError: when it cannot be written.
    """
    with tempfile.TemporaryDirectory(prefix=".part-", dir=folder) as scratch:
        new = Path(scratch) / "part.parquet"
        write_parquet(frames, new)
        path = folder / f"part-{file_digest(new)}-sealed.parquet"
        with replaced(path) as part:
            new.replace(part)
    return path


def find_damage(path: Path) -> str:
    """What is wrong with the part; empty if it is intact. Checked once per process."""
    status = path.stat()
    return _find_damage(path, status.st_size, status.st_mtime_ns)


@functools.lru_cache(maxsize=4096)
def _find_damage(path: Path, size: int, changed: int) -> str:
    try:
        pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        return f"it cannot be read ({error})"
    name = NAME.fullmatch(path.name)
    # A part added by hand has no digest in its name, so there is nothing to compare.
    return "" if name is None or name["digest"] == file_digest(path) else "its bytes are not those that were written"


def scan(path: Path, table: Table) -> pl.LazyFrame:
    """The part with the table's schema; a column that did not exist when it was written is null.

    Raises:
        StoreError: when it cannot be read.
    """
    try:
        stored = pl.read_parquet_schema(path)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(
            f"the row store's {path} cannot be read: {error}; run again: the rows it lost are requested again"
        ) from error
    columns = [
        (pl.col(name) if name in stored else pl.lit(None)).cast(kind).alias(name) for name, kind in table.schema.items()
    ]
    return pl.scan_parquet(path).select(columns)


def salvage(path: Path) -> Iterator[pl.DataFrame]:
    """The row groups of a damaged part whose pages all have valid checksums."""
    import pyarrow as pa
    from pyarrow import parquet

    unreadable = (pa.ArrowException, OSError)
    with contextlib.suppress(*unreadable), parquet.ParquetFile(path, page_checksum_verification=True) as file:
        for group in range(file.metadata.num_row_groups):
            with contextlib.suppress(*unreadable):
                yield pl.DataFrame(file.read_row_group(group))
