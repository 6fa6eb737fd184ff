"""The digest of a table's content: equal rows give an equal digest, however the file or its slices are laid out."""

from collections.abc import Iterable, Iterator

import polars as pl

from skyassets.core.identity import digest, new_hash
from skyassets.core.tables.declarations import Table


class ContentDigest:
    """Computes the digest from rows in key order; measured columns (clocks) are left out.

    A text column is hashed as its bytes and, separately, their lengths; the other columns as JSON lines. No text is
    copied, which matters when a table holds gigabytes of it.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self._texts = [name for name in table.content if table.schema[name] == pl.String()]
        self._others = [name for name in table.content if name not in self._texts]
        self._hashers = {name: new_hash() for name in (*self._texts, *(f"{name} lengths" for name in self._texts))}
        self._lines = new_hash()

    def of(self, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """Pass `frames` through and hash them on the way."""
        for frame in frames:
            for name in self._texts:
                self._take(name, frame[name])
            if self._others:
                self._lines.update(frame.select(self._others).write_ndjson().encode("utf-8"))
            yield frame

    def hexdigest(self) -> str:
        """The digest of all rows so far."""
        return digest(
            self.table.content,
            {name: hasher.hexdigest() for name, hasher in self._hashers.items()},
            self._lines.hexdigest(),
        )

    def _take(self, name: str, texts: pl.Series) -> None:
        lengths = texts.str.len_bytes().cast(pl.Int64).fill_null(-1).rechunk()
        self._hashers[f"{name} lengths"].update(lengths.to_arrow().buffers()[1].slice(0, lengths.len() * 8))
        present = texts.drop_nulls().rechunk()
        if total := int(present.str.len_bytes().sum()):
            arrow = present.to_arrow(compat_level=pl.CompatLevel.oldest())
            _, ends, content = arrow.buffers()
            first = int.from_bytes(ends.slice(arrow.offset * 8, 8).to_pybytes(), "little")
            self._hashers[name].update(content.slice(first, total))
