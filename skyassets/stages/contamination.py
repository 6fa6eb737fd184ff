"""Contamination: which training questions repeat a benchmark's, and the evidence for it."""

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from skyassets.stages.near_duplicates import NearDuplicates, shingles
from skyassets.stages.quantities import quantities
from skyassets.stages.words import Split, grams, portions, span, words

if TYPE_CHECKING:
    from skyassets.stages.word_hashes import Hashes, Places

CONTAINMENT = "n-gram containment"
NEAR_DUPLICATE = "near-duplicate"
SHOWN = 3
"""Shared n-grams that a match quotes."""
PORTION = 8_000_000
"""Characters looked up at once."""


@dataclass(frozen=True)
class Decontamination:
    """A question is contaminated when it holds at least `share` of an item's distinct word n-grams.

    The share is of the *benchmark's item*: a single shared n-gram, the usual rule, flags a fifth of AIME for its
    boilerplate and misses restyled LaTeX. It is contaminated too when the two are near-duplicates, which finds
    edits so scattered that few n-grams survive. With other numbers an item is another problem, and its answer gives
    nothing away: a near-duplicate has to have the item's numbers, unless `near` says otherwise.
    """

    ngram: int = 5
    share: float = 0.5
    """With 0 a single shared n-gram is enough."""
    split: Split = Split.ALPHANUMERIC
    whole_short: bool = True
    """An item shorter than `ngram` words must be there whole; if False, it is never found."""
    near: NearDuplicates | None = field(default_factory=NearDuplicates)


def one_shared_ngram(ngram: int) -> Decontamination:
    """The rule of most published recipes (8 or 13 words): one n-gram in common with any item, and out it goes."""
    return Decontamination(ngram, share=0.0, split=Split.SPACED, whole_short=False, near=None)


@dataclass(frozen=True)
class Match:
    """The benchmark item that a text repeats, and the evidence."""

    item: str
    share: float
    """Of the item's n-grams, how many the text has; for a near-duplicate the similarity of the two."""
    ngrams: int
    """How many distinct n-grams the item has."""
    rule: str
    shared: tuple[str, ...]
    """The first shared n-grams, in the order of the text."""
    start: int
    end: int
    """The characters of the text from its first shared n-gram to its last."""

    def __str__(self) -> str:
        measure = f"{self.share:.0%} of the {self.ngrams} n-grams of" if self.rule == CONTAINMENT else (
            f"similarity {self.share:.2f} to the {self.ngrams} shingles of"
        )  # fmt: skip
        quoted = ", ".join(f'"{gram}"' for gram in self.shared)
        return f"{self.rule}: {measure} benchmark problem {self.item}, in characters {self.start}-{self.end}: {quoted}"


class ItemIndex:
    """The n-grams of a set of benchmark items (id to text), ready to be looked up."""

    def __init__(self, items: Mapping[str, str], rule: Decontamination) -> None:
        # numpy is not loaded with the graph.
        from skyassets.stages.gram_index import GramIndex

        self.rule = rule
        self._items = dict(items)
        self._told: dict[tuple[str, str], tuple[set[tuple[str, ...]], set[str], int]] = {}
        self._grams = GramIndex(items, rule.ngram, rule.split, whole_short=rule.whole_short)
        near = rule.near
        self._near = GramIndex(items, near.shingle, Split.ALPHANUMERIC, whole_short=True) if near else None

    def match(self, text: str) -> Match | None:
        """The item `text` holds most of, if that is at least the rule's share; else its nearest near-duplicate.

        Of items that match equally well the one with the smaller id is told, so that the evidence does not hang on
        the order of the items.
        """
        return self.match_all([text])[0]

    def match_all(self, texts: Sequence[str]) -> list[Match | None]:
        """The match of every text. Each distinct text is looked up once, some millions of characters at a time."""
        distinct = list(dict.fromkeys(texts))
        found: dict[str, Match] = {}
        for part in portions(distinct, PORTION):
            found.update(self._matches(distinct[part]))
        return [found.get(text) for text in texts]

    def _matches(self, texts: list[str]) -> dict[str, Match]:
        from skyassets.stages.word_hashes import hashed_words

        hashed = hashed_words(texts, self.rule.split)
        found = {
            texts[at]: self._evidence(CONTAINMENT, item, share, texts[at]) for at, item, share in self._held(hashed)
        }
        if self._near is not None:
            if self.rule.split != Split.ALPHANUMERIC:
                hashed = hashed_words(texts, Split.ALPHANUMERIC)
            found |= self._alike(texts, hashed, found)
        return found

    def _held(self, hashed: "tuple[Hashes, Places]") -> Iterator[tuple[int, str, float]]:
        """The item that each text holds most of, with the share, where that is enough."""
        from skyassets.stages.gram_index import best_of_each

        texts, items, counts = self._grams.hits(*hashed)
        shares = counts / self._grams.sizes[items]
        for best in best_of_each(texts, shares, self.rule.share):
            yield int(texts[best]), self._grams.items[items[best]], float(shares[best])

    def _alike(self, texts: list[str], hashed: "tuple[Hashes, Places]", done: Container[str]) -> dict[str, Match]:
        """The nearest near-duplicate of each text that is not done."""
        rule = self.rule.near
        assert rule is not None
        assert self._near is not None
        at, items, counts = self._near.hits(*hashed)
        # The union is at least as large as the item; a hair's breadth for the rounding.
        maybe = (counts >= rule.threshold * self._near.sizes[items] - 1e-9).nonzero()[0]
        candidates: dict[int, list[str]] = defaultdict(list)
        for text, item in zip(at[maybe].tolist(), items[maybe].tolist(), strict=True):
            if texts[text] not in done:
                candidates[text].append(self._near.items[item])
        best: dict[str, tuple[float, str]] = {}
        for place, named in candidates.items():
            text, own = texts[place], shingles(texts[place], rule)
            for item in named:
                theirs = shingles(self._items[item], rule)
                similarity = len(own & theirs) / len(own | theirs)
                if similarity < rule.threshold:
                    continue
                if rule.same_numbers and quantities(text) != quantities(self._items[item]):
                    continue
                best[text] = min(best.get(text, (-similarity, item)), (-similarity, item))
        return {text: self._evidence(NEAR_DUPLICATE, item, -mark, text) for text, (mark, item) in best.items()}

    def _evidence(self, rule: str, item: str, share: float, text: str) -> Match:
        split, length = self.rule.split, self.rule.ngram
        if rule == NEAR_DUPLICATE and self.rule.near is not None:
            split, length = Split.ALPHANUMERIC, self.rule.near.shingle
        if (rule, item) not in self._told:
            of = words(self._items[item], split)
            whole = grams(of, min(length, len(of)))
            self._told[rule, item] = (whole, {gram[0] for gram in whole}, min(length, len(of)))
        theirs, begins, length = self._told[rule, item]
        own = words(text, split)
        at = [
            place for place, word in enumerate(own) if word in begins and tuple(own[place : place + length]) in theirs
        ]
        shown = tuple(dict.fromkeys(" ".join(own[place : place + length]) for place in at))[:SHOWN]
        start, end = span(text, at[0], at[-1] + length - 1, split)
        return Match(item, share, len(theirs), rule, shown, start, end)
