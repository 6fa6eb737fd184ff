"""Contamination: which training questions repeat a benchmark's, and the evidence for it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from skyassets.stages.near_duplicates import NearDuplicates, shingles
from skyassets.stages.quantities import quantities
from skyassets.stages.words import Split, grams, spans, words

CONTAINMENT = "n-gram containment"
NEAR_DUPLICATE = "near-duplicate"
SHOWN = 3
"""Shared n-grams that a match quotes."""


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
        self.rule = rule
        self._items = dict(items)
        self._sizes: dict[str, int] = {}
        self._holders: dict[tuple[str, ...], list[str]] = defaultdict(list)
        self._lengths: set[int] = set()
        for item, text in items.items():
            own = words(text, rule.split)
            length = min(rule.ngram, len(own))
            if length == 0 or (length < rule.ngram and not rule.whole_short):
                continue
            found = grams(own, length)
            self._lengths.add(length)
            self._sizes[item] = len(found)
            for gram in found:
                self._holders[gram].append(item)

    def match_all(self, texts: Sequence[str]) -> list[Match | None]:
        """The match of every text."""
        known = {text: self.match(text) for text in dict.fromkeys(texts)}
        return [known[text] for text in texts]

    def match(self, text: str) -> Match | None:
        """The item `text` holds most of, if that is at least the rule's share; else its nearest near-duplicate."""
        own = words(text, self.rule.split)
        hits: Counter[str] = Counter()
        for length in self._lengths:
            for gram in grams(own, length):
                hits.update(self._holders.get(gram, ()))
        # Ties go to the smaller id, so that the evidence does not hang on the order of the items.
        best = min(hits, key=lambda item: (-hits[item] / self._sizes[item], item), default=None)
        if best is not None and hits[best] / self._sizes[best] >= self.rule.share:
            return self._evidence(CONTAINMENT, best, hits[best] / self._sizes[best], text, self.rule.ngram)
        return self._near(text) if self.rule.near else None

    def _near(self, text: str) -> Match | None:
        rule = self.rule.near
        assert rule is not None
        own, numbers = shingles(text, rule), quantities(text)
        best = (-0.0, "")
        for item, other in self._items.items():
            theirs = shingles(other, rule)
            similarity = len(own & theirs) / (len(own | theirs) or 1)
            if similarity >= rule.threshold and not (rule.same_numbers and quantities(other) != numbers):
                best = min(best, (-similarity, item))
        return self._evidence(NEAR_DUPLICATE, best[1], -best[0], text, rule.shingle) if best[0] else None

    def _evidence(self, rule: str, item: str, share: float, text: str, length: int) -> Match:
        split = self.rule.split if rule == CONTAINMENT else Split.ALPHANUMERIC
        of = words(self._items[item], split)
        length = min(length, len(of))
        theirs, own = grams(of, length), words(text, split)
        at = [i for i in range(len(own) - length + 1) if tuple(own[i : i + length]) in theirs]
        where = spans(text, split)
        shown = tuple(dict.fromkeys(" ".join(own[i : i + length]) for i in at))[:SHOWN]
        return Match(item, share, len(theirs), rule, shown, where[at[0]][0], where[at[-1] + length - 1][1])
