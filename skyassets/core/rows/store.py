"""The row store: every model reply, stored once under an id that is known before the call.

A reply is durable as soon as the writer reports it: it was appended to a journal segment and flushed. `compact` moves
closed segments into Parquet parts, which any tool can read; after a crash between the two steps a row is in both
places, and reading removes the duplicate by its id. Shared by all recipes and by concurrent runs.

Data damaged by a power failure or a bad disk is set aside and reported, never deleted; all readable rows are kept, and
only the unreadable ones are requested again.
"""

import contextlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.files import shared
from skyassets.core.finish_reasons import translated
from skyassets.core.rows.claims import Claims
from skyassets.core.rows.compaction import Compaction
from skyassets.core.rows.index import RowIndex
from skyassets.core.rows.journal import closed_segments, read_segment, segments
from skyassets.core.rows.parts import find_damage, parts, scan
from skyassets.core.rows.writer import Row, RowWriter
from skyassets.core.tables.declarations import Table
from skyassets.core.text import silent


class RowStore:
    """Rows of `table` in `folder`, at most one per key. Damage and waiting are reported through `log`."""

    def __init__(self, folder: Path, table: Table, log: Callable[[str], None] = silent) -> None:
        self.folder = folder / table.name
        self.table = table
        self.log = log

    def with_log(self, log: Callable[[str], None]) -> "RowStore":
        """The same store, reporting through `log`."""
        return RowStore(self.folder.parent, self.table, log)

    def writer(self, on_durable: Callable[[Sequence[Row]], None] = lambda rows: None) -> RowWriter:
        """A writer for rows; `on_durable` is called with rows once they are durable, in the writing thread."""
        return RowWriter(self.folder, self.table.key, on_durable)

    def index(self, wanted: Iterable[str]) -> RowIndex:
        """An index of which `wanted` rows are stored; it can be refreshed."""
        return RowIndex(self.folder, self.table.key, wanted)

    def claims(self, index: RowIndex) -> Claims:
        """This run's claims on rows that are not in `index`."""
        return Claims(self.folder, index)

    def get(self, keys: Sequence[str]) -> pl.DataFrame:
        """The stored rows among `keys`, with the table's schema."""
        return self.table.conform(pl.concat([self.table.frame([]), *self.read(keys)]))

    def read(self, keys: Iterable[str] | pl.Series, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """The stored rows among `keys`, each once, one part at a time; all columns, or the key and `columns`."""
        key = self.table.key
        names = list(self.table.columns) if columns is None else [key, *(name for name in columns if name != key)]
        missing = pl.Series(key, keys if isinstance(keys, pl.Series) else list(keys), dtype=pl.String()).unique()

        def query(rows: pl.LazyFrame) -> pl.LazyFrame:
            return rows.filter(pl.col(key).is_in(missing.implode())).select(names)

        for frame in self.search(query):
            if frame.height:
                rows = frame.unique(key, keep="first", maintain_order=True)
                missing = missing.filter(~missing.is_in(rows[key].implode()))
                yield rows

    def everything(self, columns: Sequence[str]) -> pl.DataFrame:
        """All stored rows, each once: the key and `columns`, which should be few and short."""
        names = [self.table.key, *columns]
        frames = [self.table.frame([]).select(names), *self.search(lambda rows: rows.select(names))]
        return pl.concat(frames).unique(self.table.key, keep="first")

    def search(self, query: Callable[[pl.LazyFrame], pl.LazyFrame]) -> Iterator[pl.DataFrame]:
        """The results of `query`, one part at a time; a row that a crash left in two places appears twice."""
        with self._reading():
            for part in parts(self.folder):
                yield query(translated(scan(part, self.table), self.table.columns)).collect()
            for path in segments(self.folder):
                rows = pl.LazyFrame(read_segment(path).rows, schema=self.table.schema)
                yield query(translated(rows, self.table.columns)).collect()

    def repair(self, keys: Sequence[str]) -> None:
        """Recover what killed runs left behind, and set aside damaged parts among those that hold `keys`."""
        if not self.folder.exists():
            return
        with closed_segments(self.folder) as closed:
            is_left = bool(closed)
        if is_left:
            self.compact()
        wanted = pl.Series(self.table.key, keys, dtype=pl.String())
        damaged = [part for part in parts(self.folder) if self._holds(part, wanted) and find_damage(part)]
        if damaged:
            self._compaction().repair(damaged)

    def compact(self) -> int:
        """Move rows of closed segments into Parquet parts and merge small parts; returns the number of rows moved."""
        self.folder.mkdir(parents=True, exist_ok=True)
        return self._compaction().run()

    def clear(self) -> int:
        """Remove all rows except those being written; returns their number."""
        return self._compaction().clear() if self.folder.exists() else 0

    def remove(self, keys: Collection[str]) -> None:
        """Remove the rows with these keys, except those being written.

        Raises:
            StoreError: when a part cannot be read.
        """
        if keys and self.folder.exists():
            self.compact()
            self._compaction().remove(keys)

    def _compaction(self) -> Compaction:
        return Compaction(self.folder, self.table, self.log)

    def _holds(self, part: Path, wanted: pl.Series) -> bool:
        """Whether the part holds any of the wanted rows; True if it cannot be read."""
        try:
            stored = pl.scan_parquet(part).select(self.table.key).collect()[self.table.key]
        except (pl.exceptions.PolarsError, OSError):
            return True
        return bool(stored.is_in(wanted.implode()).any())

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Protect files from removal while they are read; writing continues."""
        if not self.folder.exists():
            yield
            return
        try:
            with shared(self.folder / ".reading.lock"):
                yield
        except (OSError, pl.exceptions.PolarsError) as error:
            raise StoreError(
                f"the row store in {self.folder} cannot be read: {error}; run again: damaged parts are then set aside "
                "and their rows requested again"
            ) from error
