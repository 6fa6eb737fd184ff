"""Runs of words that items are made of, looked up in many texts at once. Exact: nothing rests on a hash."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from skyassets.stages.words import grams

Numbers = NDArray[np.int64]
MOST_PAIRS = 4_000_000
"""Pairs of text and item held at once."""
FILTER_BITS = 22


class GramIndex:
    """The distinct runs of `length` words of a set of items (id to words). A shorter item is one run."""

    def __init__(self, items: Mapping[str, list[str]], length: int) -> None:
        self.items = sorted(item for item, own in items.items() if own)
        own = [grams(items[item], min(length, len(items[item]))) for item in self.items]
        self.sizes = np.array([len(runs) for runs in own], np.int64)
        self._length = length
        known = sorted({word for item in self.items for word in items[item]})
        self._words = pl.Enum(known)
        code = {word: at for at, word in enumerate(known)}
        coded = sorted({tuple(code[word] for word in run) for runs in own for run in runs})
        numbers = {run: at for at, run in enumerate(coded)}
        self._plant(coded)
        held = [(numbers[tuple(code[word] for word in run)], at) for at, runs in enumerate(own) for run in runs]
        pairs = np.array(sorted(held), np.int64).reshape(-1, 2)
        self._holders = pairs[:, 1]
        self._first = np.searchsorted(pairs[:, 0], np.arange(len(coded) + 1))

    def _plant(self, coded: list[tuple[int, ...]]) -> None:
        """A tree of the runs, level by level: a node is its parent and a word, and a leaf knows its run's number.

        The nodes of a level are one sorted array, and a node's name in the next is its place in it.
        """
        self._levels: list[Numbers] = []
        self._leaves: list[Numbers] = []
        self._filters: list[NDArray[np.bool_]] = []
        width = max(1, len(self._words.categories))
        by_name: dict[tuple[int, ...], int] = {(): 0}
        for depth in range(1, self._length + 1):
            runs = sorted({run[:depth] for run in coded if len(run) >= depth})
            keys = np.array([by_name[run[:-1]] * width + run[-1] for run in runs], np.int64)
            order = np.argsort(keys)
            by_name = {runs[place]: at for at, place in enumerate(order)}
            leaves = np.full(len(runs), -1, np.int64)
            self._levels.append(keys[order])
            self._filters.append(_filter(keys))
            self._leaves.append(leaves)
            for number, run in enumerate(coded):
                if len(run) == depth:
                    leaves[by_name[run]] = number
        self._width = width

    def hits(self, lists: pl.Series) -> tuple[Numbers, Numbers, Numbers]:
        """For each text and item that share a run: the text's place, the item's, and how many distinct runs."""
        texts, runs = self._found(lists)
        pairs = np.unique(texts * (len(self._first)) + runs)
        texts, runs = np.divmod(pairs, len(self._first))
        fan = self._first[runs + 1] - self._first[runs]
        parts = [self._counted(texts[part], runs[part], fan[part]) for part in _parts(texts, fan)]
        empty = np.zeros(0, np.int64)
        if not parts:
            return empty, empty, empty
        return tuple(np.concatenate(column) for column in zip(*parts, strict=True))

    def _counted(self, texts: Numbers, runs: Numbers, fan: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        start = np.repeat(self._first[runs] - np.cumsum(fan) + fan, fan)
        holders = self._holders[start + np.arange(len(start))]
        pairs, counts = np.unique(np.repeat(texts, fan) * len(self.items) + holders, return_counts=True)
        return (*np.divmod(pairs, len(self.items)), counts)

    def _found(self, lists: pl.Series) -> tuple[Numbers, Numbers]:
        """Every place in the texts where a run stands: the text's place and the run's number."""
        lengths = lists.list.len().to_numpy().astype(np.int64)
        flat = lists.explode(empty_as_null=False).cast(self._words, strict=False).to_physical()
        codes = flat.cast(pl.Int64).fill_null(-1).to_numpy()
        owners = np.repeat(np.arange(len(lengths)), lengths)
        # Past the last word there is no word of an item.
        codes = np.concatenate([codes, np.full(self._length, -1, np.int64)])
        ends = np.cumsum(lengths)
        at = np.flatnonzero(codes >= 0)
        nodes = np.zeros(len(at), np.int64)
        texts, runs = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for depth, (level, leaves, seen) in enumerate(zip(self._levels, self._leaves, self._filters, strict=True)):
            word = codes[at + depth]
            keys = nodes * self._width + word
            maybe = np.flatnonzero((word >= 0) & seen[_slot(keys)])
            at, keys = at[maybe], keys[maybe]
            nodes = np.searchsorted(level, keys)
            # A run must not reach from one text into the next.
            real = (level[np.minimum(nodes, len(level) - 1)] == keys) & (at + depth < ends[owners[at]])
            at, nodes = at[real], nodes[real]
            ended = leaves[nodes] >= 0
            texts.append(owners[at[ended]])
            runs.append(leaves[nodes[ended]])
        return np.concatenate(texts), np.concatenate(runs)


def _slot(keys: Numbers) -> Numbers:
    mixed = keys.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    return (mixed >> np.uint64(64 - FILTER_BITS)).astype(np.int64)


def _filter(keys: Numbers) -> NDArray[np.bool_]:
    """Which slots are taken: most keys that are no node fall on a free one, and are spared the search."""
    taken = np.zeros(1 << FILTER_BITS, np.bool_)
    taken[_slot(keys)] = True
    return taken


def _parts(texts: Numbers, fan: Numbers) -> list[slice]:
    """Slices of the pairs that hold whole texts and not too many items."""
    total = np.cumsum(fan)
    ends = np.flatnonzero(np.diff(texts, append=-1)) + 1
    parts, start, spent = [], 0, 0
    for end in ends.tolist():
        if total[end - 1] - spent >= MOST_PAIRS or end == len(texts):
            parts.append(slice(start, end))
            start, spent = end, total[end - 1]
    return parts
