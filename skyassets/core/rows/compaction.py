"""Compaction: closed journal segments become parts, small parts are merged, damaged files are set aside.

Every step first makes the new part durable and then removes what it replaces, so after a crash a row is in one place
or in two, but never lost.
"""

import contextlib
import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import polars as pl

from skyassets.core.batches import batches
from skyassets.core.files import locked, shared, sync_folder, write_text
from skyassets.core.rows.journal import closed_segments, read_segment
from skyassets.core.rows.parts import find_damage, parts, publish, salvage, scan
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.parquet import slices

PART_BYTES = 64 * 2**20
"""Approximate uncompressed size of a part: how much is in memory when it is read."""
ROW_GROUP_BYTES = 4 * 2**20
"""The most that a damaged page can lose."""
SMALL_BYTES = 16 * 2**20
"""A part with a smaller file than this is merged with other small parts,"""
MOST_SMALL = 16
"""once there are more small parts than this."""


class Compaction:
    """One compaction of `folder`; concurrent ones wait for it."""

    def __init__(self, folder: Path, table: Table, log: Callable[[str], None]) -> None:
        self.folder, self.table, self.log = folder, table, log

    def run(self) -> int:
        """Move all closed segments into parts, then merge small parts if there are many; returns the rows moved."""
        with self._only_one():
            self._sweep()
            stored = self._stored_keys()
            moved = 0
            with closed_segments(self.folder) as closed:
                for batch in batches(closed, lambda path: path.stat().st_size, PART_BYTES):
                    new = self._move(batch, stored)
                    stored = pl.concat([stored, new])
                    moved += new.len()
            self._merge()
            return moved

    def clear(self) -> int:
        """Remove all closed segments and all parts; returns the number of rows, in which duplicates may count twice."""
        with self._only_one(), closed_segments(self.folder) as closed:
            rows = sum(len(read_segment(path).rows) for path in closed) + self._stored_keys().len()
            self._remove([*closed, *parts(self.folder)])
            return rows

    def remove(self, keys: Collection[str]) -> None:
        """Remove the rows with these keys from the parts; closed segments keep theirs."""
        gone = pl.col(self.table.key).is_in(list(keys))
        with self._only_one():
            for part in parts(self.folder):
                rows = scan(part, self.table).collect()
                kept = rows.filter(~gone)
                if kept.height < rows.height:
                    if kept.height:
                        publish(slices(kept, ROW_GROUP_BYTES), self.folder)
                    self._remove([part])

    def repair(self, damaged: Iterable[Path]) -> None:
        """Keep the readable rows of damaged parts, and set the parts aside."""
        with self._only_one():
            self._salvage_damaged(part for part in damaged if part.exists())

    def _move(self, batch: list[Path], stored: pl.Series) -> pl.Series:
        """Write the rows of segments that are not `stored` as a part, and remove the segments; returns their keys."""
        key = self.table.key
        rows: dict[str, dict[str, object]] = {}
        damage = {}
        for path in batch:
            contents = read_segment(path)
            damage[path] = contents.damage
            for row in contents.rows:
                rows.setdefault(str(row[key]), row)
        # The first reply wins: rows in parts are older than those in the journal.
        frame = self.table.frame(list(rows.values()))
        frame = frame.filter(~pl.col(key).is_in(stored.implode()))
        if frame.height:
            publish(slices(frame, ROW_GROUP_BYTES), self.folder)
        with self._exclusive():
            for path in batch:
                if damage[path]:
                    self._set_aside(path, f"{damage[path]}; the rows of its other lines were kept")
                else:
                    path.unlink()
            sync_folder(self.folder)
        return frame[key]

    def _merge(self) -> None:
        small = self._small_parts()
        if len(small) <= MOST_SMALL:
            return
        self._salvage_damaged(small)
        small = self._small_parts()
        merged = {
            publish(slices(pl.concat(frames).sort(self.table.key), ROW_GROUP_BYTES), self.folder)
            for frames in batches(self._distinct(small), lambda frame: int(frame.estimated_size()), PART_BYTES)
        }
        self._remove(part for part in small if part not in merged)

    def _small_parts(self) -> list[Path]:
        return [part for part in parts(self.folder) if part.stat().st_size < SMALL_BYTES]

    def _distinct(self, small: list[Path]) -> Iterator[pl.DataFrame]:
        """The rows of small parts, each key once."""
        seen = pl.Series(self.table.key, [], dtype=pl.String())
        for part in small:
            frame = scan(part, self.table).collect()
            frame = frame.filter(~pl.col(self.table.key).is_in(seen.implode())).unique(self.table.key)
            seen = pl.concat([seen, frame[self.table.key]])
            yield frame

    def _salvage_damaged(self, candidates: Iterable[Path]) -> None:
        for part in candidates:
            if reason := find_damage(part):
                self._salvage(part, reason)

    def _salvage(self, part: Path, reason: str) -> None:
        frames = [frame for frame in salvage(part) if frame.height]
        rows = sum(frame.height for frame in frames)
        if frames:
            publish(frames, self.folder)
        with self._exclusive():
            self._set_aside(part, f"{reason}; {rows} of its rows could be kept, the others are requested again")

    def _set_aside(self, path: Path, reason: str) -> None:
        """Rename `path` to `NAME.damaged`, write the reason to `NAME.damaged.txt`, and report it."""
        aside = path.with_name(f"{path.name}.damaged")
        line = f"the row store's {path} is damaged: {reason}; it was set aside as {aside.name}"
        write_text(path.with_name(f"{aside.name}.txt"), f"{line}\n")
        path.rename(aside)
        sync_folder(path.parent)
        self.log(line)

    def _remove(self, replaced: Iterable[Path]) -> None:
        with self._exclusive():
            for path in replaced:
                path.unlink()
            sync_folder(self.folder)

    def _stored_keys(self) -> pl.Series:
        """The keys stored in parts; unreadable parts are set aside."""
        keys = [pl.Series(self.table.key, [], dtype=pl.String())]
        for part in parts(self.folder):
            try:
                keys.append(pl.scan_parquet(part).select(self.table.key).collect()[self.table.key])
            except (pl.exceptions.PolarsError, OSError) as error:
                self._salvage(part, find_damage(part) or str(error))
        return pl.concat(keys)

    def _sweep(self) -> None:
        """Remove unfinished files of a killed compaction, which only contain copies."""
        for path in self.folder.glob(".part-*"):
            path.unlink() if path.is_file() else shutil.rmtree(path)

    def _only_one(self) -> contextlib.AbstractContextManager[None]:
        return locked(self.folder / ".compact.lock", self.log)

    def _exclusive(self) -> contextlib.AbstractContextManager[None]:
        return shared(self.folder / ".reading.lock", is_exclusive=True)
