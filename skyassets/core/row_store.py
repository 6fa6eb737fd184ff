"""The row store: every reply a model ever gave, kept once, found by an id that is known before the call.

A reply is durable when `put` returns: it is committed to an SQLite journal (write-ahead log, full synchronisation).
`compact` moves the journal into Parquet parts that anybody can read; a crash between the two steps leaves a row in
both places, which reading tells apart by its id. Shared by all recipes and by concurrent runs.
"""

import contextlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.files import locked, replaced
from skyassets.core.identity import digest
from skyassets.core.parquet import write_parquet
from skyassets.core.tables import Table

IDS_A_QUERY = 500
"""SQLite takes 999 variables a statement in its oldest supported builds."""


class RowStore:
    """Rows of `table` in `folder`, at most one per key."""

    def __init__(self, folder: Path, table: Table) -> None:
        self.folder = folder / table.name
        self.table = table

    def put(self, row: dict[str, object]) -> None:
        """Keep `row`; a row whose id is there already is left as it was. Durable on return.

        Raises:
            StoreError: when it cannot be written (no space left, no permission).
        """
        key = row[self.table.key]
        with self._journal() as journal:
            journal.execute("INSERT OR IGNORE INTO rows VALUES (?, ?)", (key, json.dumps(row, ensure_ascii=False)))

    def get(self, keys: Sequence[str]) -> pl.DataFrame:
        """The stored rows among `keys`, in the table's form."""
        wanted = pl.Series(self.table.key, sorted(set(keys)), dtype=pl.String())
        # The journal first: a row that is moved in between is then found in the part it went to.
        new = self.table.frame(list(self._journalled(wanted.to_list())))
        old = self._parts().filter(pl.col(self.table.key).is_in(wanted.implode())).collect()
        return self.table.conform(pl.concat([old, new]).unique(self.table.key, keep="first", maintain_order=True))

    def compact(self) -> int:
        """Move the journal's rows into a new Parquet part; how many were moved."""
        with locked(self.folder / ".compact.lock", lambda line: None):
            with self._journal() as journal:
                rows = [json.loads(text) for (text,) in journal.execute("SELECT row FROM rows ORDER BY key")]
            if not rows:
                return 0
            frame = self.table.frame(rows)
            keys = frame[self.table.key].to_list()
            # The first reply stands: what a part holds already came earlier than what the journal holds of it.
            held = self._parts().select(self.table.key).filter(pl.col(self.table.key).is_in(keys)).collect()
            fresh = frame.join(held, on=self.table.key, how="anti")
            if fresh.height:
                with replaced(self.folder / f"part-{digest(fresh[self.table.key].to_list())}.parquet") as part:
                    write_parquet(fresh, part)
            with self._journal() as journal:
                journal.executemany("DELETE FROM rows WHERE key = ?", [(key,) for key in keys])
            return fresh.height

    def _parts(self) -> pl.LazyFrame:
        parts = sorted(self.folder.glob("part-*.parquet"))
        return pl.concat([pl.LazyFrame(schema=self.table.schema), *map(self._part, parts)])

    def _part(self, part: Path) -> pl.LazyFrame:
        """The part in the table's form; a column that did not exist when it was written is null."""
        try:
            there = pl.read_parquet_schema(part)
        except (pl.exceptions.PolarsError, OSError) as error:
            raise StoreError(
                f"the row store's {part} is damaged ({error}); move it away: the rows in it will be asked again"
            ) from error
        columns = [
            (pl.col(name) if name in there else pl.lit(None)).cast(kind).alias(name)
            for name, kind in self.table.schema.items()
        ]
        return pl.scan_parquet(part).select(columns)

    def _journalled(self, keys: Sequence[str]) -> Iterable[dict[str, object]]:
        with self._journal() as journal:
            for start in range(0, len(keys), IDS_A_QUERY):
                some = keys[start : start + IDS_A_QUERY]
                marks = ",".join("?" * len(some))
                found = journal.execute(f"SELECT row FROM rows WHERE key IN ({marks})", some)  # noqa: S608
                yield from (json.loads(text) for (text,) in found)

    @contextlib.contextmanager
    def _journal(self) -> Iterator[sqlite3.Connection]:
        path = self.folder / "journal.sqlite"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # One short-lived connection a use: safe from any thread, and nothing to close when a run is killed.
            with contextlib.closing(sqlite3.connect(path, timeout=60)) as journal:
                journal.execute("PRAGMA journal_mode=WAL")
                journal.execute("PRAGMA synchronous=FULL")
                journal.execute("CREATE TABLE IF NOT EXISTS rows (key TEXT PRIMARY KEY, row TEXT NOT NULL)")
                with journal:
                    yield journal
        except (sqlite3.Error, OSError) as error:
            raise StoreError(
                f"the row store at {path} cannot be used: {error}; nothing kept before is lost, run again when mended"
            ) from error
