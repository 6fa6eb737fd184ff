"""Exact Jaccard similarity join: finds every pair of texts above the threshold, without sketches.

Two sets whose Jaccard similarity reaches a threshold share most of their members. So a text is similar to none if
most of its shingles occur nowhere else. If all texts sort their shingles in one order, two similar texts share one
of their first few (prefix filtering). Sorting by rarity keeps the number of candidate pairs small.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from skyassets.stages.deduplication.word_hashes import MIX, Hashes, Positions, distinct, hashed_words, owners, rolling
from skyassets.stages.deduplication.words import portions

Matches = dict[int, tuple[int, float]]
PORTION = 8_000_000
"""Characters per batch of shingling."""
ROUNDING = 1e-9


def nearest_earlier(
    texts: Sequence[str], blocks: Sequence[Hashable], finer: Callable[[str], Hashable], shingle: int, threshold: float
) -> Matches:
    """For each text that repeats an earlier one of its block: the earlier text's position, and the similarity.

    A text that repeats another is never a match itself. The most similar match wins, then the earliest. `finer`
    returns a key that two similar texts of a block must share; it is called only for texts with common shingles.
    """
    left = _in_company(range(len(texts)), blocks)
    codes = _coded([blocks[at] for at in left])
    shared = _with_shared_shingles([texts[at] for at in left], codes, shingle, threshold)
    left = [left[at] for at in shared]
    keys = [(blocks[at], finer(texts[at])) for at in left]
    company = _in_company(range(len(left)), keys)
    left = [left[at] for at in company]
    owner, members = _sets([texts[at] for at in left], _coded([keys[at] for at in company]), shingle)
    places = np.array(left, np.int64)
    while True:
        counts = np.bincount(members)
        seldom = np.bincount(owner[counts[members] == 1], minlength=len(places))
        sizes = np.bincount(owner, minlength=len(places))
        staying = (seldom <= _spare(sizes, threshold)) & (sizes > 0)
        if staying.all():
            break
        is_staying = staying[owner]
        owner, members = (np.cumsum(staying) - 1)[owner[is_staying]], members[is_staying]
        places = places[staying]
    # Renumber the shingles by rarity: a shingle's number becomes its rank.
    rarest = np.argsort(counts, kind="stable")
    rank = np.empty_like(rarest)
    rank[rarest] = np.arange(len(rarest))
    members = np.sort(owner * len(rank) + rank[members]) - owner * len(rank)
    return _join(places, sizes, members, counts[rarest], threshold)


def _join(places: Positions, sizes: Positions, members: Positions, counts: Positions, threshold: float) -> Matches:
    """Compare each text, in order, with the earlier ones that share one of its first shingles."""
    matches: Matches = {}
    holders: dict[int, list[int]] = defaultdict(list)
    starts = np.cumsum(sizes) - sizes
    firsts = _spare(sizes, threshold) + 1
    for own, (start, size) in enumerate(zip(starts.tolist(), sizes.tolist(), strict=True)):
        few = members[start : start + firsts[own]]
        prefix = few[counts[few] > 1].tolist()
        candidates = {other for member in prefix for other in holders.get(member, ())}
        best = (0.0, 0)
        if candidates:
            mine = set(members[start : start + size].tolist())
            for other in candidates:
                theirs = int(sizes[other])
                if min(size, theirs) < threshold * max(size, theirs) - ROUNDING:
                    continue
                common = len(mine.intersection(members[starts[other] : starts[other] + theirs].tolist()))
                similarity = common / (size + theirs - common)
                if similarity >= threshold:
                    best = min(best, (-similarity, other))
        if best[0]:
            matches[int(places[own])] = (int(places[best[1]]), -best[0])
        else:
            for member in prefix:
                holders[member].append(own)
    return matches


def _spare(sizes: Positions, threshold: float) -> Positions:
    """How many members of a set of each size a similar set may lack."""
    spare: Positions = np.floor((1 - threshold) * sizes + ROUNDING).astype(np.int64)
    return spare


def _in_company(places: Sequence[int], blocks: Sequence[Hashable]) -> list[int]:
    """The positions whose block has another text."""
    number = Counter(blocks)
    return [place for place, block in zip(places, blocks, strict=True) if number[block] > 1]


def _coded(blocks: Sequence[Hashable]) -> Hashes:
    """A number for each block."""
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(block, len(codes)) for block in blocks], np.uint64)


def _with_shared_shingles(texts: Sequence[str], blocks: Hashes, shingle: int, threshold: float) -> list[int]:
    """The positions of the texts with enough shingles that also occur elsewhere; no other text can be similar to one.

    Only half of each hash is kept, and no set is built. False positives are removed later.
    """
    numbers, halves = [], []
    for part in portions(texts, PORTION):
        number, hashes = _shingles(texts[part], blocks[part], shingle)
        numbers.append(number)
        halves.append((hashes >> np.uint64(32)).astype(np.uint32))
    repeated = _slots_of_repeated(np.concatenate([np.zeros(0, np.uint32), *halves]))
    shift = np.uint32(33 - len(repeated).bit_length())
    positions: list[int] = []
    start = 0
    for number, half in zip(numbers, halves, strict=True):
        seldom = np.bincount(owners(number)[~repeated[half >> shift]], minlength=len(number))
        enough = (seldom <= _spare(number, threshold)) & (number > 0)
        positions += (np.flatnonzero(enough) + start).tolist()
        start += len(number)
    return positions


def _slots_of_repeated(halves: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """A table, indexed by the first bits of a hash, that is true for hashes that occur more than once."""
    halves.sort()
    several = halves[1:][halves[1:] == halves[:-1]]
    bits = min(27, max(8, 5 + len(several).bit_length()))
    table = np.zeros(1 << bits, np.bool_)
    table[several >> np.uint32(32 - bits)] = True
    return table


def _sets(texts: Sequence[str], blocks: Hashes, shingle: int) -> tuple[Positions, Positions]:
    """The distinct shingles, sorted by text: the text's position and the shingle's number."""
    owned, hashed, start = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)], 0
    for part in portions(texts, PORTION):
        number, hashes = _shingles(texts[part], blocks[part], shingle)
        owned.append(owners(number) + start)
        hashed.append(hashes)
        start += len(number)
    known, members = np.unique(np.concatenate(hashed), return_inverse=True)
    return np.divmod(distinct(np.concatenate(owned) * max(1, len(known)) + members), max(1, len(known)))


def _shingles(texts: Sequence[str], blocks: Hashes, shingle: int) -> tuple[Positions, Hashes]:
    """How many shingles each text has, and a hash of each with its block. A shorter text is one shingle."""
    words, lengths = hashed_words(texts)
    numbers = np.where(lengths < shingle, np.minimum(lengths, 1), lengths - shingle + 1)
    starts = np.cumsum(lengths) - lengths
    owner = owners(numbers)
    at = np.repeat(starts - np.cumsum(numbers) + numbers, numbers) + np.arange(len(owner))
    hashes = np.zeros(len(at), np.uint64)
    for span, runs in enumerate(rolling(words, shingle), 1):
        own = np.flatnonzero(np.minimum(lengths, shingle)[owner] == span) if span < shingle else lengths[owner] >= span
        hashes[own] = runs[at[own]]
    hashes = (hashes ^ (hashes >> np.uint64(29))) + blocks[owner] * np.uint64(MIX)
    hashes = (hashes ^ (hashes >> np.uint64(32))) * np.uint64(MIX)
    return numbers, hashes ^ (hashes >> np.uint64(32))
