"""Which of the wanted rows are stored, kept up to date while other runs write to the same store."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from skyassets.core.rows.journal import body, segments
from skyassets.core.rows.parts import parts


class RowIndex:
    """Keeps the `missing` keys among `wanted`: those without a row in `folder`; `refresh` reads only what is new."""

    def __init__(self, folder: Path, key: str, wanted: Iterable[str]) -> None:
        self.folder, self.key = folder, key
        self.wanted = frozenset(wanted)
        self.missing = set(self.wanted)
        self._wanted = pl.Series(key, list(self.wanted), dtype=pl.String())
        self._parts: set[Path] = set()
        self._read: dict[Path, int] = {}
        self.refresh()

    @property
    def stored(self) -> frozenset[str]:
        """The wanted keys that are stored."""
        return self.wanted - self.missing

    def refresh(self) -> None:
        """Read what has been added since the last call."""
        # Segments first: rows that a compaction moves in the meantime are then found in their new part. A part that is
        # merged in the meantime is found in the merged one, which is written before the old one is removed.
        for path in segments(self.folder):
            self._tail(path)
        while new := [path for path in parts(self.folder) if path not in self._parts]:
            for path in new:
                self._parts.add(path)
                self._keys(path)

    def _tail(self, path: Path) -> None:
        try:
            with path.open("rb") as file:
                file.seek(self._read.get(path, 0))
                whole, newline, _ = file.read().rpartition(b"\n")
        except FileNotFoundError:
            return
        self._read[path] = self._read.get(path, 0) + len(whole) + len(newline)
        for text in whole.split(b"\n") if newline else ():
            line = body(text)
            if line is not None:
                self.missing.discard(line[0])

    def _keys(self, path: Path) -> None:
        try:
            keys = pl.scan_parquet(path).select(self.key).collect()[self.key]
        except FileNotFoundError:
            return
        self.missing.difference_update(keys.filter(keys.is_in(self._wanted.implode())))
