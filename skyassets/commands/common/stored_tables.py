"""The stored tables of a recipe, read a few rows at a time."""

from dataclasses import dataclass

import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.tables.declarations import COMPLETIONS, Table
from skyassets.core.tables.former_drop_reasons import translated
from skyassets.project.project import Project
from skyassets.stages.inspection.row_lookup import Query


@dataclass(frozen=True)
class StoredTables:
    """Implements the `RowLookup` port: scans Parquet files without reading them whole, and the row store for
    completions.
    """

    project: Project

    def rows(self, table: Table, query: Query) -> pl.DataFrame:
        """The result of `query` on `table`; a table that does not exist yet counts as empty.

        Raises:
            StoreError: when the table cannot be read.
        """
        nothing = pl.LazyFrame(schema=table.schema)
        try:
            if table is COMPLETIONS:
                found = pl.concat([query(nothing).collect(), *self.project.rows.search(query)])
                # A row appears twice if a crash left it in two places.
                return found.unique(maintain_order=True) if "id" in found.columns else found
            return query(self._scan(table) if self.project.store.path(table).exists() else nothing).collect()
        except pl.exceptions.PolarsError as error:
            raise StoreError(f"{table.name} cannot be read: {error}; materialize it again") from error

    def _scan(self, table: Table) -> pl.LazyFrame:
        """The file with the table's schema; a column that did not exist when it was written is null."""
        path = self.project.store.path(table)
        there = pl.read_parquet_schema(path)
        columns = [
            (pl.col(name) if name in there else pl.lit(None)).cast(kind).alias(name)
            for name, kind in table.schema.items()
        ]
        return translated(pl.scan_parquet(path).select(columns), table.columns)
