"""Contamination looked up plainly, item by item and text by text; the fast look-up must agree with it."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping

from skyassets.stages.deduplication.contamination import Decontamination
from skyassets.stages.deduplication.words import Split, quantities

Hit = tuple[str, float]


def held(items: Mapping[str, str], rule: Decontamination, text: str) -> Hit | None:
    """The item `text` holds most of, and its share, if that is at least the rule's."""
    sizes: dict[str, int] = {}
    holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
    lengths: set[int] = set()
    for item, question in items.items():
        words = _words(question, rule)
        length = min(rule.ngram, len(words))
        grams = _grams(words, length)
        if not grams or (length < rule.ngram and not rule.whole_short):
            continue
        lengths.add(length)
        sizes[item] = len(grams)
        for gram in grams:
            holders[gram].append(item)
    hits: Counter[str] = Counter()
    for length in lengths:
        for gram in _grams(_words(text, rule), length):
            hits.update(holders.get(gram, ()))
    best = min(hits, key=lambda item: (-hits[item] / sizes[item], item), default=None)
    if best is None or hits[best] / sizes[best] < rule.share:
        return None
    return best, hits[best] / sizes[best]


def alike(items: Mapping[str, str], rule: Decontamination, text: str) -> Hit | None:
    """The most similar item, if it is a near-duplicate."""
    near = rule.near
    assert near is not None
    matches: list[tuple[float, str]] = []
    for item, question in items.items():
        mine, theirs = ({*_shingles(one, near.shingle)} for one in (text, question))
        similarity = len(mine & theirs) / (len(mine | theirs) or 1)
        if similarity >= near.threshold and (not near.same_numbers or quantities(text) == quantities(question)):
            matches.append((-similarity, item))
    return (min(matches)[1], -min(matches)[0]) if matches else None


def _shingles(text: str, length: int) -> set[tuple[str, ...]]:
    words = re.findall(r"[^\W_]+", text.casefold())
    return _grams(words, min(length, len(words)))


def _words(text: str, rule: Decontamination) -> list[str]:
    folded = text.casefold()
    return re.findall(r"[^\W_]+", folded) if rule.split is Split.ALPHANUMERIC else folded.split()


def _grams(words: list[str], length: int) -> set[tuple[str, ...]]:
    if length == 0:
        return set()
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}
