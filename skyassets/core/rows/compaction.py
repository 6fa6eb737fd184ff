"""Compaction: closed journal segments become parts, small parts are merged, damaged files are set aside.

Every step first makes the new part durable and then removes what it replaces, so after a crash a row is in one place
or in two, but never lost.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import polars as pl

from skyassets.core.files import locked, shared, sync_folder, write_text
from skyassets.core.rows.journal import read_segment, segments, unwritten
from skyassets.core.rows.parts import fault, parts, publish, salvage, scan
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.parquet import slices


def set_aside(path: Path, reason: str, said: Callable[[str], None]) -> None:
    """Rename `path` to `NAME.damaged`, write the reason to `NAME.damaged.txt`, and report it."""
    aside = path.with_name(f"{path.name}.damaged")
    line = f"the row store's {path} is damaged: {reason}; it was set aside as {aside.name}"
    write_text(path.with_name(f"{aside.name}.txt"), f"{line}\n")
    path.rename(aside)
    sync_folder(path.parent)
    said(line)


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

    def __init__(self, folder: Path, table: Table, said: Callable[[str], None]) -> None:
        self.folder, self.table, self.said = folder, table, said

    def run(self) -> int:
        """Move all closed segments into parts, then merge small parts if there are many; returns the rows moved."""
        with self._only_one():
            self._sweep()
            held = self._held()
            moved = 0
            with contextlib.ExitStack() as stack:
                closed = [path for path in segments(self.folder) if stack.enter_context(unwritten(path))]
                for batch in _batches(closed):
                    fresh = self._move(batch, held)
                    held = pl.concat([held, fresh])
                    moved += fresh.len()
            self._merge()
            return moved

    def clear(self) -> int:
        """Remove all closed segments and all parts; returns the number of rows, in which duplicates may count twice."""
        with self._only_one(), contextlib.ExitStack() as stack:
            closed = [path for path in segments(self.folder) if stack.enter_context(unwritten(path))]
            rows = sum(len(read_segment(path).rows) for path in closed) + self._held().len()
            self._take_away([*closed, *parts(self.folder)])
            return rows

    def mend(self, damaged: Iterable[Path]) -> None:
        """Keep the readable rows of damaged parts, and set the parts aside."""
        with self._only_one():
            for part in damaged:
                if part.exists() and (reason := fault(part)):
                    self._salvage(part, reason)

    def _move(self, batch: list[Path], held: pl.Series) -> pl.Series:
        """Write the rows of segments that are not `held` as a part, and remove the segments; returns the rows' keys."""
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
        frame = frame.filter(~pl.col(key).is_in(held.implode()))
        if frame.height:
            publish(slices(frame, ROW_GROUP_BYTES), self.folder)
        with self._alone():
            for path in batch:
                if damage[path]:
                    set_aside(path, f"{damage[path]}; the rows of its other lines were kept", self.said)
                else:
                    path.unlink()
            sync_folder(self.folder)
        return frame[key]

    def _merge(self) -> None:
        small = [part for part in parts(self.folder) if part.stat().st_size < SMALL_BYTES]
        if len(small) <= MOST_SMALL:
            return
        for part in small:
            if reason := fault(part):
                self._salvage(part, reason)
        small = [part for part in parts(self.folder) if part.stat().st_size < SMALL_BYTES]
        made = {publish(slices(frame, ROW_GROUP_BYTES), self.folder) for frame in self._gathered(small)}
        self._take_away(part for part in small if part not in made)

    def _gathered(self, small: list[Path]) -> Iterator[pl.DataFrame]:
        """The rows of small parts, each key once, in batches of about the size of a part."""
        seen = pl.Series(self.table.key, [], dtype=pl.String())
        waiting: list[pl.DataFrame] = []
        for part in small:
            frame = scan(part, self.table).collect()
            frame = frame.filter(~pl.col(self.table.key).is_in(seen.implode())).unique(self.table.key)
            seen = pl.concat([seen, frame[self.table.key]])
            waiting.append(frame)
            if sum(one.estimated_size() for one in waiting) >= PART_BYTES:
                yield pl.concat(waiting).sort(self.table.key)
                waiting = []
        if waiting:
            yield pl.concat(waiting).sort(self.table.key)

    def _salvage(self, part: Path, reason: str) -> None:
        frames = [frame for frame in salvage(part) if frame.height]
        rows = sum(frame.height for frame in frames)
        if frames:
            publish(frames, self.folder)
        with self._alone():
            set_aside(part, f"{reason}; {rows} rows of it could be kept, the others are asked again", self.said)

    def _take_away(self, replaced: Iterable[Path]) -> None:
        with self._alone():
            for path in replaced:
                path.unlink()
            sync_folder(self.folder)

    def _held(self) -> pl.Series:
        """The keys stored in parts; unreadable parts are set aside."""
        keys = [pl.Series(self.table.key, [], dtype=pl.String())]
        for part in parts(self.folder):
            try:
                keys.append(pl.scan_parquet(part).select(self.table.key).collect()[self.table.key])
            except (pl.exceptions.PolarsError, OSError) as error:
                self._salvage(part, fault(part) or str(error))
        return pl.concat(keys)

    def _sweep(self) -> None:
        """Remove unfinished files of a killed compaction, which only contain copies."""
        for path in self.folder.glob(".part-*"):
            for file in [path] if path.is_file() else [*path.iterdir(), path]:
                file.unlink() if file.is_file() else file.rmdir()

    def _only_one(self) -> contextlib.AbstractContextManager[None]:
        return locked(self.folder / ".compact.lock", self.said)

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        """Holds the exclusive lock."""
        return shared(self.folder / ".reading.lock", alone=True)


def _batches(paths: list[Path]) -> Iterator[list[Path]]:
    """Segments in order, in batches of about the size of a part."""
    batch: list[Path] = []
    size = 0
    for path in paths:
        batch.append(path)
        size += path.stat().st_size
        if size >= PART_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
