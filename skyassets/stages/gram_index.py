"""Runs of words that items are made of, looked up in many texts at once. Exact: nothing rests on a hash."""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from skyassets.stages.words import Split, word_lists

Numbers = NDArray[np.int64]
MOST_PAIRS = 4_000_000
"""Pairs of text and item held at once."""
FILTER_BITS = 22


class GramIndex:
    """The distinct runs of `length` words of a set of items (id to text). A shorter item is one run, or
    with `whole_short` off none."""

    def __init__(self, items: Mapping[str, str], length: int, split: Split, *, whole_short: bool) -> None:
        order = sorted(items)
        lists = word_lists([items[item] for item in order], split)
        lengths = lists.list.len().to_numpy().astype(np.int64)
        taken = lengths >= (1 if whole_short else length)
        self.items = [item for item, there in zip(order, taken.tolist(), strict=True) if there]
        flat = lists.filter(pl.Series(taken)).explode(empty_as_null=False)
        self._words = pl.Enum(flat.unique().sort())
        codes, lengths = flat.cast(self._words).to_physical().cast(pl.Int64).to_numpy(), lengths[taken]
        owners = np.repeat(np.arange(len(lengths)), lengths)
        spans = np.minimum(lengths, length)[owners]
        at = np.flatnonzero(np.arange(len(codes)) + spans <= np.cumsum(lengths)[owners])
        runs = self._plant(codes, at, spans[at], length)
        pairs = np.unique(runs * len(self.items) + owners[at])
        runs, self._holders = np.divmod(pairs, max(1, len(self.items)))
        self._first = np.searchsorted(runs, np.arange(self._runs + 1))
        self.sizes = np.bincount(self._holders, minlength=len(self.items))

    def _plant(self, codes: Numbers, at: Numbers, spans: Numbers, length: int) -> Numbers:
        """Make the tree of the runs that start in these places and are so long; return each run's number.

        A node is its parent and a word. The nodes of a level are one sorted array, a node's name in the next level is
        its place in it, and a leaf knows its run's number.
        """
        self._levels: list[Numbers] = []
        self._leaves: list[Numbers] = []
        self._filters: list[NDArray[np.bool_]] = []
        self._runs = 0
        found, nodes = np.zeros(len(at), np.int64), np.zeros(len(at), np.int64)
        for depth in range(length):
            going = np.flatnonzero(spans > depth)
            keys = nodes[going] * len(self._words.categories) + codes[at[going] + depth]
            if depth == 0:  # every word is a node
                level, nodes = np.arange(len(self._words.categories)), keys
            else:
                level, nodes[going] = np.unique(keys, return_inverse=True)
            ending = np.flatnonzero(spans == depth + 1)
            ended = np.unique(nodes[ending])
            leaves = np.full(len(level), -1, np.int64)
            leaves[ended] = self._runs + np.arange(len(ended))
            found[ending] = leaves[nodes[ending]]
            self._runs += len(ended)
            self._levels.append(level)
            self._leaves.append(leaves)
            self._filters.append(_filter(level))
        return found

    def hits(self, lists: pl.Series) -> tuple[Numbers, Numbers, Numbers]:
        """For each text and item that share a run: the text's place, the item's, and how many distinct runs."""
        texts, runs = self._found(lists)
        pairs = np.unique(texts * len(self._first) + runs)
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
        codes = np.concatenate([codes, np.full(len(self._levels), -1, np.int64)])
        ends = np.cumsum(lengths)
        at = np.flatnonzero(codes >= 0)
        nodes = np.zeros(len(at), np.int64)
        texts, runs = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        for depth, (level, leaves, seen) in enumerate(zip(self._levels, self._leaves, self._filters, strict=True)):
            word = codes[at + depth]
            keys = nodes * len(self._words.categories) + word
            if depth == 0:
                nodes = keys
            else:
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
