"""Contamination: which training questions repeat a benchmark's, and the evidence for it."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Decontamination:
    """A question is contaminated when it holds at least `share` of an item's distinct word n-grams.

    The share is of the *benchmark's item*: a single shared n-gram, the usual rule, flags a fifth of AIME for its
    boilerplate and misses restyled LaTeX. An item shorter than `ngram` words must be there whole.
    """

    ngram: int = 5
    share: float = 0.5


@dataclass(frozen=True)
class Match:
    """The benchmark item a question holds most of, and how much."""

    item: str
    share: float
    ngrams: int

    def __str__(self) -> str:
        return f"{self.share:.0%} of the {self.ngrams} n-grams of benchmark problem {self.item}"


class ItemIndex:
    """The n-grams of a set of benchmark items (id to text), ready to be looked up."""

    def __init__(self, items: Mapping[str, str], rule: Decontamination) -> None:
        self.rule = rule
        self._sizes: dict[str, int] = {}
        self._holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._lengths: set[int] = set()
        for item, text in items.items():
            words = _words(text)
            length = min(rule.ngram, len(words))
            grams = _grams(words, length)
            if not grams:
                continue
            self._lengths.add(length)
            self._sizes[item] = len(grams)
            for gram in grams:
                self._holders[gram].append(item)

    def match(self, text: str) -> Match | None:
        """The item `text` holds most of, if that is at least the rule's share."""
        words = _words(text)
        hits: Counter[str] = Counter()
        for length in self._lengths:
            for gram in _grams(words, length):
                hits.update(self._holders.get(gram, ()))
        # Ties go to the smaller id, so that the evidence does not hang on the order of the items.
        best = min(hits, key=lambda item: (-hits[item] / self._sizes[item], item), default=None)
        if best is None or hits[best] / self._sizes[best] < self.rule.share:
            return None
        return Match(best, hits[best] / self._sizes[best], self._sizes[best])


def _words(text: str) -> list[str]:
    return _TOKEN.findall(text.casefold())


def _grams(words: list[str], length: int) -> set[tuple[str, ...]]:
    if length == 0:
        return set()
    return {tuple(words[start : start + length]) for start in range(len(words) - length + 1)}
