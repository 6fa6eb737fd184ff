"""Near-duplicates: which texts repeat an earlier one almost word for word, found exactly and not by sketches."""

from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from skyassets.stages.deduplication.words import grams, quantities, words

BATCH = 32_000_000
"""Characters of whole groups that are compared at once."""


@dataclass(frozen=True)
class NearDuplicates:
    """Two texts are near-duplicates when the Jaccard similarity of their sets of word shingles reaches a threshold.

    Problems made from one template differ only in their numbers, and no similarity of words tells them from copies:
    with `same_numbers` the numbers of the two have to be the same in the same order, and so have the signs and
    the symbols (`quantities` says which).
    """

    identity_name: ClassVar[str] = "NearDuplicates"
    threshold: float = 0.8
    shingle: int = 3
    """Words in a shingle; a shorter text is one shingle."""
    same_numbers: bool = True


@dataclass(frozen=True)
class Twin:
    """The earlier text, by its index, that a text repeats, and how similar the two are."""

    of: int
    similarity: float


def shingles(text: str, rule: NearDuplicates) -> set[tuple[str, ...]]:
    """The distinct shingles of `text`."""
    own = words(text)
    return grams(own, min(rule.shingle, len(own)))


def near_duplicates(
    texts: Sequence[str], rule: NearDuplicates, groups: Sequence[Hashable] | None = None
) -> list[Twin | None]:
    """For every text the earlier one it repeats; None for the first of its kind, which is the one to keep.

    A text is held against the earlier texts that repeat none themselves, and gets the most similar one of those (of
    equally similar ones the earliest): whatever it is said to repeat is kept. A copy of a text that is kept repeats
    that with similarity 1, and a copy of another repeats what that one does. Where `groups` are given, one a text,
    only texts of the same group are compared. Every pair that reaches the threshold counts: nothing is sampled.
    """
    # numpy is not loaded with the graph.
    from skyassets.stages.deduplication.jaccard_join import nearest_earlier

    blocks = groups or [None] * len(texts)
    first: dict[tuple[Hashable, str], int] = {}
    firsts = [first.setdefault(key, at) for at, key in enumerate(zip(blocks, texts, strict=True))]
    found: dict[int, Twin] = {}
    for places in _batches(sorted(first.values()), texts, groups):
        some = [texts[at] for at in places]
        finer = quantities if rule.same_numbers else _same
        near = nearest_earlier(some, [blocks[at] for at in places], finer, rule.shingle, rule.threshold)
        found |= {places[own]: Twin(places[of], similarity) for own, (of, similarity) in near.items()}
    return [found.get(one) or (Twin(one, 1.0) if one != at else None) for at, one in enumerate(firsts)]


def _batches(places: list[int], texts: Sequence[str], groups: Sequence[Hashable] | None) -> Iterator[list[int]]:
    """The places in batches that no group is spread over, so that many groups take little memory."""
    if groups is None:
        yield places
        return
    members: dict[Hashable, list[int]] = defaultdict(list)
    for at in places:
        members[groups[at]].append(at)
    batch: list[int] = []
    held = 0
    for group in members.values():
        batch += group
        held += sum(len(texts[at]) for at in group)
        if held > BATCH:
            yield batch
            batch, held = [], 0
    yield batch


def _same(text: str) -> None:
    """No text is told apart from another."""
