"""The Parquet store of a recipe: one file per table, rebuilt only when one of its inputs has changed."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.files import file_digest, holder, locked, replaced
from skyassets.core.hints import materialize_all_for
from skyassets.core.tables.content_digest import ContentDigest
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.external_sort import sorted_rows
from skyassets.core.tables.former_drop_reasons import translated
from skyassets.core.tables.manifest import Inputs, Manifest, differences, read_manifest
from skyassets.core.tables.parquet import write_parquet
from skyassets.core.text import silent

UNFINISHED = "first time"
"""Why a table without a manifest is built."""


@dataclass(frozen=True)
class StageResult:
    """What a stage returns: the rows, metadata about them, and how many rows could not be made this time."""

    frame: pl.DataFrame
    metadata: dict[str, object] = field(default_factory=dict)
    unfinished: int = 0
    stream: Iterable[pl.DataFrame] = ()
    """More rows, in any order, for tables that should not be held in memory; read once."""
    unusable: str = ""
    """Why none of the rows can be used; empty if some can."""


@dataclass(frozen=True)
class BuildResult:
    """A table that is up to date; `why` says what had changed, and is empty if nothing had."""

    manifest: Manifest
    rebuilt: bool
    why: str


@dataclass(frozen=True)
class TableStore:
    """The tables of one recipe, in `folder`."""

    folder: Path

    def path(self, table: Table) -> Path:
        """The path of the table's rows."""
        return self.folder / f"{table.name}.parquet"

    def previous(self, table: Table) -> Path:
        """The path of the rows before the table's content last changed; kept for people, never read by the pipeline."""
        return self.folder / "previous" / f"{table.name}.parquet"

    def manifest(self, table: Table) -> Manifest | None:
        """The table's manifest; None if the table was never finished."""
        return read_manifest(self._manifest_path(table))

    def exists(self, table: Table) -> bool:
        """Whether the table was made, and its file is there."""
        return self.manifest(table) is not None and self.path(table).exists()

    def data_version(self, table: Table) -> str:
        """The digest of the table's content.

        Raises:
            StoreError: when the table does not exist.
        """
        manifest = self.manifest(table)
        if manifest is None or not self.path(table).exists():
            raise StoreError(self._absent(table))
        return manifest.data_version

    def read(self, table: Table) -> pl.DataFrame:
        """The table's rows.

        Raises:
            StoreError: when the table does not exist, is damaged, does not match its manifest, or its columns
                differ from the table's current columns.
        """
        return translated(pl.read_parquet(self._intact(table)), table.columns)

    def scan(self, table: Table) -> pl.LazyFrame:
        """The table's rows as a lazy frame, to read only some columns; nothing is read before `collect`.

        Raises:
            StoreError: as `read` does.
        """
        return translated(pl.scan_parquet(self._intact(table)), table.columns)

    def unreadable(self, table: Table) -> str:
        """Why the table cannot be read with its current columns; empty if it can. Does not check the file for damage.

        Either it does not exist, or it was written with other columns. For callers that can do without the table.
        """
        path = self.path(table)
        if not self.exists(table):
            return self._absent(table)
        try:
            stored = pl.read_parquet_schema(path)
        except (pl.exceptions.PolarsError, OSError) as error:
            return f"{table.name}: {path} cannot be read as Parquet: {error}; materialize it again"
        changes = column_differences(table, stored)
        return f"{table.name} was written by an earlier version: {changes}; materialize it again" if changes else ""

    def _intact(self, table: Table) -> Path:
        """The path of the table, after checking it against its manifest and its current columns."""
        manifest = self.manifest(table)
        path = self.path(table)
        if manifest and path.exists() and file_digest(path) != manifest.file_digest:
            raise StoreError(f"{table.name}: {path} is not the file its manifest describes; materialize it again")
        if reason := self.unreadable(table):
            raise StoreError(reason)
        return path

    def build(
        self,
        table: Table,
        inputs: Inputs,
        make: Callable[[], StageResult],
        damage: Callable[[pl.DataFrame], str] | None = None,
        log: Callable[[str], None] = silent,
        file_metadata: Callable[[Path], dict[str, object]] = lambda path: {},
    ) -> BuildResult:
        """Publish the table, calling `make` only if the stored one is damaged or was not made from `inputs`.

        `damage` may check a stored table for damage outside its file (such as lost weights) and describe it;
        `file_metadata` may read more metadata from the new file. The rows are checked, written next to the old file,
        read back and swapped in; the manifest is written last. Concurrent builders of one table wait for each other.
        """
        with locked(self._lock(table), log):
            why = self.why_stale(table, inputs, damage)
            manifest = self.manifest(table)
            if manifest is not None and not why:
                return BuildResult(manifest, rebuilt=False, why="")
            log(f"{table.name}: building ({why})")
            made = make()
            with replaced(self.path(table)) as part:
                content = ContentDigest(table)
                rows = write_parquet(
                    content.of(sorted_rows(table, chain([made.frame], made.stream), self.folder)), part
                )
                manifest = Manifest(
                    table=table.name,
                    fingerprint=inputs.parts,
                    data_version=content.hexdigest(),
                    file_digest=file_digest(part),
                    rows=rows,
                    unfinished=made.unfinished,
                    metadata={**made.metadata, **file_metadata(part)},
                )
                self._keep_previous(table, manifest)
            manifest.write(self._manifest_path(table))
            return BuildResult(manifest, rebuilt=True, why=why)

    def builder(self, table: Table) -> str:
        """The process that is currently building the table; empty if there is none."""
        return holder(self._lock(table))

    def mark_unfinished(self, table: Table, rows: int, log: Callable[[str], None] = silent) -> None:
        """Make the next build rebuild the table, because `rows` of its rows may now come out differently.

        Raises:
            StoreError: when the table does not exist.
        """
        with locked(self._lock(table), log):
            manifest = self.manifest(table)
            if manifest is None:
                raise StoreError(self._absent(table))
            replace(manifest, unfinished=max(rows, manifest.unfinished)).write(self._manifest_path(table))

    def why_stale(self, table: Table, inputs: Inputs, damage: Callable[[pl.DataFrame], str] | None = None) -> str:
        """Why `build` would rebuild the table now; empty if it would not. Changes nothing."""
        manifest = self.manifest(table)
        path = self.path(table)
        if manifest is None:
            return UNFINISHED
        if changed := differences(manifest.fingerprint, inputs.parts):
            return f"changed: {', '.join(changed)}"
        if not path.exists():
            return "its file is gone"
        if file_digest(path) != manifest.file_digest:
            return "its file was changed by another program"
        if manifest.unfinished:
            return f"{manifest.unfinished} rows could not be made last time"
        return damage(pl.read_parquet(path)) if damage else ""

    def _keep_previous(self, table: Table, new: Manifest) -> None:
        """Keep the file that is about to be replaced, under a second name, if it is intact and its content differs."""
        old, path, previous = self.manifest(table), self.path(table), self.previous(table)
        if old and old.data_version != new.data_version and path.exists() and file_digest(path) == old.file_digest:
            # Optional: on file systems without hard links, no previous version is kept.
            with contextlib.suppress(OSError):
                previous.parent.mkdir(exist_ok=True)
                part = previous.with_suffix(".part")
                part.unlink(missing_ok=True)
                part.hardlink_to(path)
                part.replace(previous)

    def _lock(self, table: Table) -> Path:
        return self.folder / f".{table.name}.lock"

    def _manifest_path(self, table: Table) -> Path:
        return self.folder / f"{table.name}.manifest.json"

    def _absent(self, table: Table) -> str:
        return f"{table.name} is not in {self.folder}; make it first: {materialize_all_for(table.name)}"


def column_differences(table: Table, stored: Mapping[str, pl.DataType]) -> str:
    """Describes how the stored columns differ from the table's; empty if they do not. The order is ignored."""
    named = {
        "missing": [name for name in table.columns if name not in stored],
        "unknown": [name for name in stored if name not in table.columns],
        "of another type": [name for name, kind in table.schema.items() if stored.get(name, kind) != kind],
    }
    return "; ".join(f"columns {what}: {', '.join(names)}" for what, names in named.items() if names)
