"""An index of the word n-grams of a set of items, for lookup in many texts at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skyassets.stages.deduplication.word_hashes import MIX, Hashes, Positions, distinct, hashed_words, owners, rolling
from skyassets.stages.deduplication.words import Split

MOST_PAIRS = 4_000_000
"""Pairs of text and item held in memory at once."""
NOTHING = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Occurrences:
    """Where n-grams occur: the text's position, the word's position in the text, and the n-gram's number."""

    texts: Positions
    positions: Positions
    runs: Positions


class NgramIndex:
    """The distinct n-grams of `length` words of a set of items (id to text).

    A shorter item is one n-gram, or none if `whole_short` is False.
    """

    def __init__(self, items: Mapping[str, str], length: int, split: Split, *, whole_short: bool) -> None:
        self.items = sorted(items)
        words, lengths = hashed_words([items[item] for item in self.items], split)
        owner, left = owners(lengths), _left(lengths)
        self.spans = np.minimum(lengths, length)
        spans = self.spans[owner]
        runs, holders = [NOTHING], [NOTHING]
        self._known: dict[int, _Known] = {}
        self._runs = 0
        for span, hashes in enumerate(rolling(words, length), 1):
            at = np.flatnonzero((spans == span) & (left >= span) & (whole_short or span == length))
            if len(at):
                self._known[span] = known = _Known(hashes[at], self._runs)
                runs.append(known.numbers(hashes[at])[1])
                holders.append(owner[at])
                self._runs += len(known)
        self._pairs = distinct(np.concatenate(runs) * len(self.items) + np.concatenate(holders))
        of, self._holders = np.divmod(self._pairs, max(1, len(self.items)))
        self._first = np.searchsorted(of, np.arange(self._runs + 1))
        self.sizes = np.bincount(self._holders, minlength=len(self.items))

    def occurrences(self, words: Hashes, lengths: Positions) -> Occurrences:
        """Every occurrence of an n-gram in the texts.

        The texts are given as their concatenated words and the number of words in each.
        """
        ends = np.cumsum(lengths)
        texts, positions, runs = [NOTHING], [NOTHING], [NOTHING]
        for span, hashes in enumerate(rolling(words, max(self._known, default=0)), 1):
            if span not in self._known:
                continue
            at, numbers = self._known[span].numbers(hashes)
            owner = np.searchsorted(ends, at, side="right")
            # An n-gram must not cross from one text into the next.
            inside = at + span <= ends[owner]
            owner, at = owner[inside], at[inside]
            texts.append(owner)
            positions.append(at - ends[owner] + lengths[owner])
            runs.append(numbers[inside])
        return Occurrences(np.concatenate(texts), np.concatenate(positions), np.concatenate(runs))

    def hits(self, occurrences: Occurrences) -> tuple[Positions, Positions, Positions]:
        """For each text and item that share n-grams: the text, the item, and how many distinct n-grams they share."""
        texts, runs = np.divmod(distinct(occurrences.texts * (self._runs + 1) + occurrences.runs), self._runs + 1)
        fan = self._first[runs + 1] - self._first[runs]
        counted = [self._counted(texts[part], runs[part], fan[part]) for part in _parts(texts, fan)]
        if not counted:
            return NOTHING, NOTHING, NOTHING
        return tuple(np.concatenate(column) for column in zip(*counted, strict=True))

    def shared(self, occurrences: Occurrences, texts: Sequence[int], items: Sequence[int]) -> list[list[int]]:
        """For each text, the word positions of the n-grams that it shares with its item in `items`."""
        item_of = np.full(int(occurrences.texts.max(initial=-1)) + 1, -1, np.int64)
        item_of[list(texts)] = items
        items_of_texts = item_of[occurrences.texts]
        wanted = occurrences.runs * len(self.items) + items_of_texts
        at = np.minimum(np.searchsorted(self._pairs, wanted), len(self._pairs) - 1)
        own = np.flatnonzero((items_of_texts >= 0) & (self._pairs[at] == wanted))
        own = own[np.argsort(occurrences.texts[own], kind="stable")]
        starts, ends = (np.searchsorted(occurrences.texts[own], list(texts), side=side) for side in ("left", "right"))
        positions = occurrences.positions[own].tolist()
        return [positions[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]

    def _counted(self, texts: Positions, runs: Positions, fan: Positions) -> tuple[Positions, Positions, Positions]:
        start = np.repeat(self._first[runs] - np.cumsum(fan) + fan, fan)
        holders = self._holders[start + np.arange(len(start))]
        new = np.diff(texts, prepend=-1) > 0
        rows, row = texts[new], np.cumsum(new) - 1
        pairs = np.repeat(row * len(self.items), fan) + holders
        if len(rows) * len(self.items) < 8 * len(pairs):
            every = np.bincount(pairs)
            pairs = np.flatnonzero(every)
            counts = every[pairs]
        else:
            pairs, counts = np.unique(pairs, return_counts=True)
        row, items = np.divmod(pairs, len(self.items))
        return rows[row], items, counts


class _Known:
    """The numbered n-grams of one length, with a bitmap that filters out most unknown hashes before the search."""

    def __init__(self, hashes: Hashes, first: int) -> None:
        self._hashes = distinct(hashes)
        self._first = first
        self._shift = np.uint64(64 - min(26, max(16, 5 + len(self._hashes).bit_length())))
        self._slots_used: NDArray[np.bool_] = np.zeros(1 << (64 - int(self._shift)), np.bool_)
        self._slots_used[self._slots(self._hashes)] = True

    def __len__(self) -> int:
        return len(self._hashes)

    def numbers(self, hashes: Hashes) -> tuple[Positions, Positions]:
        """The positions of the known hashes, and their numbers."""
        maybe = np.flatnonzero(self._slots_used[self._slots(hashes)])
        number = np.searchsorted(self._hashes, hashes[maybe])
        real = self._hashes[np.minimum(number, len(self._hashes) - 1)] == hashes[maybe]
        return maybe[real], number[real] + self._first

    def _slots(self, hashes: Hashes) -> Positions:
        return ((hashes * np.uint64(MIX)) >> self._shift).view(np.int64)


def best_of_each(texts: Positions, shares: NDArray[np.float64], least: float) -> list[int]:
    """For each text, the position of its first largest share, if that is at least `least`. `texts` is sorted."""
    if not len(texts):
        return []
    starts = np.flatnonzero(np.diff(texts, prepend=-1))
    largest = np.maximum.reduceat(shares, starts)
    largest[largest < least] = np.inf
    largest_at = np.flatnonzero(shares == np.repeat(largest, np.diff(starts, append=len(texts))))
    best: list[int] = largest_at[np.diff(texts[largest_at], prepend=-1) > 0].tolist()
    return best


def _left(lengths: Positions) -> Positions:
    """For each word, how many words of its text are left, including itself."""
    return np.cumsum(lengths)[owners(lengths)] - np.arange(lengths.sum())


def _parts(texts: Positions, fan: Positions) -> list[slice]:
    """Slices of the pairs that contain whole texts and a limited number of items."""
    total = np.cumsum(fan)
    parts, start, spent = [], 0, 0
    for end in (np.flatnonzero(np.diff(texts, append=-1)) + 1).tolist():
        if total[end - 1] - spent >= MOST_PAIRS or end == len(texts):
            parts.append(slice(start, end))
            start, spent = end, int(total[end - 1])
    return parts
