"""Exact Jaccard similarity join: finds every pair of texts above the threshold, without sketches.

Two sets whose Jaccard similarity reaches a threshold share most of their members. So a text is similar to none if
most of its shingles occur nowhere else. If all texts sort their shingles in one order, two similar texts share one
of their first few (prefix filtering). Sorting by rarity keeps the number of candidate pairs small.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from skyassets.stages.deduplication.word_hashes import MIX, Hashes, Places, hashed_words, rolling
from skyassets.stages.deduplication.words import portions

Found = dict[int, tuple[int, float]]
PORTION = 8_000_000
"""Characters per batch of shingling."""
ROUNDING = 1e-9


def nearest_earlier(
    texts: Sequence[str], blocks: Sequence[Hashable], finer: Callable[[str], Hashable], shingle: int, threshold: float
) -> Found:
    """For each text that repeats an earlier one of its block: the earlier text's position, and the similarity.

    A text that repeats another is never a match itself. The most similar match wins, then the earliest. `finer`
    returns a key that two similar texts of a block must share; it is called only for texts with common shingles.
    """
    left = _in_company(range(len(texts)), blocks)
    codes = _coded([blocks[at] for at in left])
    shared = _with_shared_shingles([texts[at] for at in left], codes, shingle, threshold)
    left = [left[at] for at in shared]
    told = [(blocks[at], finer(texts[at])) for at in left]
    company = _in_company(range(len(left)), told)
    left = [left[at] for at in company]
    owners, members = _sets([texts[at] for at in left], _coded([told[at] for at in company]), shingle)
    places = np.array(left, np.int64)
    while True:
        counts = np.bincount(members)
        seldom = np.bincount(owners[counts[members] == 1], minlength=len(places))
        sizes = np.bincount(owners, minlength=len(places))
        staying = (seldom <= _spare(sizes, threshold)) & (sizes > 0)
        if staying.all():
            break
        kept = staying[owners]
        owners, members = (np.cumsum(staying) - 1)[owners[kept]], members[kept]
        places = places[staying]
    # Renumber the shingles by rarity: a shingle's number becomes its rank.
    rarest = np.argsort(counts, kind="stable")
    rank = np.empty_like(rarest)
    rank[rarest] = np.arange(len(rarest))
    members = np.sort(owners * len(rank) + rank[members]) - owners * len(rank)
    return _join(places, sizes, members, counts[rarest], threshold)


def _join(places: Places, sizes: Places, members: Places, counts: Places, threshold: float) -> Found:
    """Compare each text, in order, with the earlier ones that share one of its first shingles."""
    found: Found = {}
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
            found[int(places[own])] = (int(places[best[1]]), -best[0])
        else:
            for member in prefix:
                holders[member].append(own)
    return found


def _spare(sizes: Places, threshold: float) -> Places:
    """How many members of a set of each size a similar set may lack."""
    spare: Places = np.floor((1 - threshold) * sizes + ROUNDING).astype(np.int64)
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
    found: list[int] = []
    start = 0
    for number, half in zip(numbers, halves, strict=True):
        seldom = np.bincount(_owners(number)[~repeated[half >> shift]], minlength=len(number))
        enough = (seldom <= _spare(number, threshold)) & (number > 0)
        found += (np.flatnonzero(enough) + start).tolist()
        start += len(number)
    return found


def _slots_of_repeated(halves: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """A table, indexed by the first bits of a hash, that is true for hashes that occur more than once."""
    halves.sort()
    several = halves[1:][halves[1:] == halves[:-1]]
    bits = min(27, max(8, 5 + len(several).bit_length()))
    table = np.zeros(1 << bits, np.bool_)
    table[several >> np.uint32(32 - bits)] = True
    return table


def _sets(texts: Sequence[str], blocks: Hashes, shingle: int) -> tuple[Places, Places]:
    """The distinct shingles, sorted by text: the text's position and the shingle's number."""
    owned, hashed, start = [np.zeros(0, np.int64)], [np.zeros(0, np.uint64)], 0
    for part in portions(texts, PORTION):
        number, hashes = _shingles(texts[part], blocks[part], shingle)
        owned.append(_owners(number) + start)
        hashed.append(hashes)
        start += len(number)
    known, members = np.unique(np.concatenate(hashed), return_inverse=True)
    pairs = np.sort(np.concatenate(owned) * max(1, len(known)) + members)
    new = np.ones(len(pairs), np.bool_)
    new[1:] = pairs[1:] != pairs[:-1]
    return np.divmod(pairs[new], max(1, len(known)))


def _owners(numbers: Places) -> Places:
    """For each shingle, the position of its text."""
    return np.repeat(np.arange(len(numbers)), numbers)


def _shingles(texts: Sequence[str], blocks: Hashes, shingle: int) -> tuple[Places, Hashes]:
    """How many shingles each text has, and a hash of each with its block. A shorter text is one shingle."""
    words, lengths = hashed_words(texts)
    numbers = np.where(lengths < shingle, np.minimum(lengths, 1), lengths - shingle + 1)
    starts = np.cumsum(lengths) - lengths
    owners = _owners(numbers)
    at = np.repeat(starts - np.cumsum(numbers) + numbers, numbers) + np.arange(len(owners))
    hashes = np.zeros(len(at), np.uint64)
    for span, runs in enumerate(rolling(words, shingle), 1):
        own = (
            np.flatnonzero(np.minimum(lengths, shingle)[owners] == span) if span < shingle else lengths[owners] >= span
        )
        hashes[own] = runs[at[own]]
    hashes = (hashes ^ (hashes >> np.uint64(29))) + blocks[owners] * np.uint64(MIX)
    hashes = (hashes ^ (hashes >> np.uint64(32))) * np.uint64(MIX)
    return numbers, hashes ^ (hashes >> np.uint64(32))
