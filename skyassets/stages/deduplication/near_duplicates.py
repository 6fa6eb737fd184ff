"""Near-duplicates: texts that repeat an earlier one almost word for word, found exactly, without sketches."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from skyassets.stages.deduplication.words import grams, quantities, words

BATCH = 32_000_000
"""Characters, in whole groups, that are compared at once."""


@dataclass(frozen=True)
class NearDuplicates:
    """Two texts are near-duplicates if the Jaccard similarity of their sets of word shingles reaches a threshold.

    Problems made from one template differ only in their numbers, and word similarity cannot tell them from copies.
    With `same_numbers`, the numbers, signs and symbols of the two must be the same, in the same order (see
    `quantities`).
    """

    identity_name: ClassVar[str] = "NearDuplicates"
    threshold: float = 0.8
    shingle: int = 3
    """Words in a shingle; a shorter text is one shingle."""
    same_numbers: bool = True


@dataclass(frozen=True)
class Duplicate:
    """The index of the earlier text that a text repeats, and their similarity."""

    of: int
    similarity: float


def shingles(text: str, rule: NearDuplicates) -> set[tuple[str, ...]]:
    """The distinct shingles of `text`."""
    own = words(text)
    return grams(own, min(rule.shingle, len(own)))


def near_duplicates(
    texts: Sequence[str], rule: NearDuplicates, groups: Sequence[Hashable] | None = None
) -> list[Duplicate | None]:
    """For every text, the earlier one that it repeats; None for a text to keep.

    A text is compared only with earlier kept texts. It gets the most similar one, or the earliest of equally similar
    ones, so every `Duplicate.of` is a kept text. An exact copy of a kept text has similarity 1; a copy of another text
    gets the same result as that text. With `groups`, one per text, only texts of the same group are compared. The
    result is exact: every pair that reaches the threshold counts.
    """
    # Imported here so that loading the asset graph does not load numpy.
    from skyassets.stages.deduplication.jaccard_join import nearest_earlier

    blocks = groups or [None] * len(texts)
    first: dict[tuple[Hashable, str], int] = {}
    firsts = [first.setdefault(key, at) for at, key in enumerate(zip(blocks, texts, strict=True))]
    duplicates: dict[int, Duplicate] = {}
    for places in _batches(sorted(first.values()), texts, groups):
        some = [texts[at] for at in places]
        finer = quantities if rule.same_numbers else _same
        near = nearest_earlier(some, [blocks[at] for at in places], finer, rule.shingle, rule.threshold)
        duplicates |= {places[own]: Duplicate(places[of], similarity) for own, (of, similarity) in near.items()}
    return [duplicates.get(one) or (Duplicate(one, 1.0) if one != at else None) for at, one in enumerate(firsts)]


def _batches(places: list[int], texts: Sequence[str], groups: Sequence[Hashable] | None) -> Iterator[list[int]]:
    """Batches of positions that never split a group, so that many groups need little memory."""
    if groups is None:
        yield places
        return
    members: dict[Hashable, list[int]] = defaultdict(list)
    for at in places:
        members[groups[at]].append(at)
    batch: list[int] = []
    characters = 0
    for group in members.values():
        batch += group
        characters += sum(len(texts[at]) for at in group)
        if characters > BATCH:
            yield batch
            batch, characters = [], 0
    yield batch


def _same(text: str) -> None:
    """The same key for every text."""
