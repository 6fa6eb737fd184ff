"""Near-duplicates: which texts repeat an earlier one almost word for word, found exactly and not by sketches."""

from collections.abc import Sequence
from dataclasses import dataclass

from skyassets.stages.quantities import quantities
from skyassets.stages.words import grams, words


@dataclass(frozen=True)
class NearDuplicates:
    """Two texts are near-duplicates when the Jaccard similarity of their sets of word shingles reaches a threshold.

    Problems made from one template differ only in their numbers, and no similarity of words tells them from copies:
    with `same_numbers` the numbers and signs of the two have to be the same, in the same order.
    """

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
    texts: Sequence[str], rule: NearDuplicates, groups: Sequence[object] | None = None
) -> list[Twin | None]:
    """For every text the earlier one it repeats; None for the first of its kind, which is the one to keep.

    A text is held against the earlier texts that are themselves no repetition, and gets the most similar one of
    those (of equally similar ones the earliest), so whatever it is said to repeat is kept. Where `groups` are
    given, one a text, only texts of the same group are compared. Equal texts are twins with similarity 1.
    """
    found: list[Twin | None] = []
    sets = [shingles(text, rule) for text in texts]
    for own, text in enumerate(texts):
        best: Twin | None = None
        for of in range(own):
            if found[of] is not None or (groups is not None and groups[of] != groups[own]):
                continue
            if text == texts[of]:
                similarity = 1.0
            elif rule.same_numbers and quantities(text) != quantities(texts[of]):
                continue
            else:
                similarity = len(sets[own] & sets[of]) / (len(sets[own] | sets[of]) or 1)
            if similarity >= rule.threshold and (best is None or similarity > best.similarity):
                best = Twin(of, similarity)
        found.append(best)
    return found
