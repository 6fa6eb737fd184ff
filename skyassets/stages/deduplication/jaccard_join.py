"""Which texts are similar to an earlier one, exactly: every pair above the threshold is found, without a sketch.

Two sets whose Jaccard similarity reaches a threshold share most of their members. So a text most of whose shingles
stand nowhere else is similar to none; and if all texts rank shingles by one order, two similar texts share one of the
first few of each, whatever the order. Ranked by rarity, few texts share one.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Sequence

import numpy as np
from numpy.typing import NDArray

from skyassets.stages.deduplication.word_hashes import MIX, Hashes, Places, hashed_words, rolling
from skyassets.stages.deduplication.words import portions

Found = dict[int, tuple[int, float]]
PORTION = 8_000_000
"""Characters taken apart at once."""
ROUNDING = 1e-9


def nearest_earlier(
    texts: Sequence[str], blocks: Sequence[Hashable], finer: Callable[[str], Hashable], shingle: int, threshold: float
) -> Found:
    """For each text that repeats an earlier one of its block: the place of that one, and their similarity.

    Only texts that repeat none themselves are repeated; of several the most similar counts, then the earliest.
    `finer` tells texts of one block apart, and is asked only about those that have shingles in common.
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
    # Each text's shingles by rarity: a shingle's number becomes its rank.
    rarest = np.argsort(counts, kind="stable")
    rank = np.empty_like(rarest)
    rank[rarest] = np.arange(len(rarest))
    members = np.sort(owners * len(rank) + rank[members]) - owners * len(rank)
    return _join(places, sizes, members, counts[rarest], threshold)


def _join(places: Places, sizes: Places, members: Places, counts: Places, threshold: float) -> Found:
    """Go through the texts in order and hold each against the earlier ones that share one of its first shingles."""
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
    """How many members of a set of each size may be missing from a similar one."""
    spare: Places = np.floor((1 - threshold) * sizes + ROUNDING).astype(np.int64)
    return spare


def _in_company(places: Sequence[int], blocks: Sequence[Hashable]) -> list[int]:
    """Those of the places whose block has another text."""
    number = Counter(blocks)
    return [place for place, block in zip(places, blocks, strict=True) if number[block] > 1]


def _coded(blocks: Sequence[Hashable]) -> Hashes:
    """A number for each block."""
    codes: dict[Hashable, int] = {}
    return np.array([codes.setdefault(block, len(codes)) for block in blocks], np.uint64)


def _with_shared_shingles(texts: Sequence[str], blocks: Hashes, shingle: int, threshold: float) -> list[int]:
    """The places of the texts with enough shingles that stand elsewhere too; of the others none can be similar.

    Half a hash a shingle is kept, and no set is made: who is wrongly let through is looked at again.
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
    """A table by the first bits of a hash that is true where one stands that is there more than once."""
    halves.sort()
    several = halves[1:][halves[1:] == halves[:-1]]
    bits = min(27, max(8, 5 + len(several).bit_length()))
    table = np.zeros(1 << bits, np.bool_)
    table[several >> np.uint32(32 - bits)] = True
    return table


def _sets(texts: Sequence[str], blocks: Hashes, shingle: int) -> tuple[Places, Places]:
    """The distinct shingles of the texts, by text: the text's place and the shingle's number."""
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
    """For each shingle the text it is of."""
    return np.repeat(np.arange(len(numbers)), numbers)


def _shingles(texts: Sequence[str], blocks: Hashes, shingle: int) -> tuple[Places, Hashes]:
    """How many shingles each text has, and a hash of each with its block; a shorter text is one shingle."""
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
