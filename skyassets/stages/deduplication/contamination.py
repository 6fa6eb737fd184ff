"""Contamination: training questions that repeat a benchmark's question, with the evidence."""

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from skyassets.stages.deduplication.near_duplicates import NearDuplicates, shingles
from skyassets.stages.deduplication.words import Split, portions, quantities, span, words

if TYPE_CHECKING:
    from skyassets.stages.deduplication.ngram_index import GramIndex, Occurrences
    from skyassets.stages.deduplication.word_hashes import Places

CONTAINMENT = "n-gram containment"
NEAR_DUPLICATE = "near-duplicate"
SHOWN = 3
"""Number of shared n-grams that a match quotes."""
PORTION = 8_000_000
"""Characters per lookup batch."""


@dataclass(frozen=True)
class Decontamination:
    """A question is contaminated if it contains at least `share` of an item's distinct word n-grams.

    The share is of the *benchmark's item*: a single shared n-gram, the usual rule, flags a fifth of AIME for its
    boilerplate and misses restyled LaTeX. A near-duplicate is contaminated too, which finds edits so scattered that
    few n-grams survive. An item with other numbers is a different problem and does not leak the answer, so a
    near-duplicate must have the item's numbers unless `near` says otherwise.
    """

    identity_name: ClassVar[str] = "Decontamination"
    ngram: int = 5
    share: float = 0.5
    """With 0, a single shared n-gram is enough."""
    split: Split = Split.ALPHANUMERIC
    whole_short: bool = True
    """Whether an item shorter than `ngram` words matches when all of it occurs; if False, it never matches."""
    near: NearDuplicates | None = field(default_factory=NearDuplicates)


@dataclass(frozen=True)
class Match:
    """The benchmark item that a text repeats, and the evidence."""

    item: str
    share: float
    """The share of the item's n-grams that the text contains; for a near-duplicate, their similarity."""
    ngrams: int
    """How many distinct n-grams the item has."""
    rule: str
    shared: tuple[str, ...]
    """The first shared n-grams, in text order."""
    start: int
    end: int
    """The character range of the text from its first shared n-gram to its last."""

    def __str__(self) -> str:
        measure = f"{self.share:.0%} of the {self.ngrams} n-grams of" if self.rule == CONTAINMENT else (
            f"similarity {self.share:.2f} to the {self.ngrams} shingles of"
        )  # fmt: skip
        quoted = ", ".join(f'"{gram}"' for gram in self.shared)
        return f"{self.rule}: {measure} benchmark problem {self.item}, in characters {self.start}-{self.end}: {quoted}"


class _Best(NamedTuple):
    """The best matching item of a text, by its position in an index."""

    text: int
    item: int
    share: float


class ItemIndex:
    """The n-grams of a set of benchmark items (id to text), indexed for lookup."""

    def __init__(self, items: Mapping[str, str], rule: Decontamination) -> None:
        # Imported here so that loading the asset graph does not load numpy.
        from skyassets.stages.deduplication.ngram_index import GramIndex

        self.rule = rule
        self._items = dict(items)
        self._grams = GramIndex(items, rule.ngram, rule.split, whole_short=rule.whole_short)
        near, length = (items, rule.near.shingle) if rule.near else ({}, 1)
        self._near = GramIndex(near, length, Split.ALPHANUMERIC, whole_short=True)

    def match(self, text: str) -> Match | None:
        """The item with the largest share in `text`, if that reaches the rule's share; else the nearest near-duplicate.

        Among equally good items the smallest id wins, so that the evidence does not depend on the order of the items.
        """
        return self.match_all([text])[0]

    def match_all(self, texts: Sequence[str]) -> list[Match | None]:
        """The match of every text. Each distinct text is looked up once, in batches of some million characters."""
        distinct = list(dict.fromkeys(texts))
        found: dict[str, Match] = {}
        for part in portions(distinct, PORTION):
            found.update(self._matches(distinct[part]))
        return [found.get(text) for text in texts]

    def _matches(self, texts: list[str]) -> dict[str, Match]:
        from skyassets.stages.deduplication.ngram_index import best_of_each
        from skyassets.stages.deduplication.word_hashes import hashed_words

        hashed = hashed_words(texts, self.rule.split)
        found = self._grams.occurrences(*hashed)
        at, items, counts = self._grams.hits(found)
        shares = counts / self._grams.sizes[items]
        best = best_of_each(at, shares, self.rule.share)
        held = [_Best(int(at[one]), int(items[one]), float(shares[one])) for one in best]
        matches = self._told(texts, held, self._grams, found, CONTAINMENT)
        if self.rule.near is not None:
            if self.rule.split != Split.ALPHANUMERIC:
                hashed = hashed_words(texts, Split.ALPHANUMERIC)
            found = self._near.occurrences(*hashed)
            alike = self._alike(texts, *self._near.hits(found), self.rule.near, matches)
            matches |= self._told(texts, alike, self._near, found, NEAR_DUPLICATE)
        return matches

    def _alike(
        self,
        texts: list[str],
        at: "Places",
        items: "Places",
        counts: "Places",
        rule: NearDuplicates,
        done: Container[str],
    ) -> list[_Best]:
        """The nearest near-duplicate of each text that has no match yet."""
        # The union is at least as large as the item. The tolerance absorbs rounding errors.
        maybe = (counts >= rule.threshold * self._near.sizes[items] - 1e-9).nonzero()[0]
        candidates: dict[int, list[int]] = defaultdict(list)
        for text, item in zip(at[maybe].tolist(), items[maybe].tolist(), strict=True):
            if texts[text] not in done:
                candidates[text].append(item)
        best: dict[int, _Best] = {}
        for text, named in candidates.items():
            own, numbers = shingles(texts[text], rule), quantities(texts[text]) if rule.same_numbers else ()
            for item in named:
                other = self._items[self._near.items[item]]
                theirs = shingles(other, rule)
                similarity = len(own & theirs) / len(own | theirs)
                if similarity < rule.threshold or (rule.same_numbers and quantities(other) != numbers):
                    continue
                if text not in best or similarity > best[text].share:
                    best[text] = _Best(text, item, similarity)
        return list(best.values())

    def _told(
        self, texts: list[str], best: list[_Best], grams: "GramIndex", found: "Occurrences", rule: str
    ) -> dict[str, Match]:
        """The matches with their evidence."""
        split = self.rule.split if rule == CONTAINMENT else Split.ALPHANUMERIC
        shared = grams.shared(found, [one.text for one in best], [one.item for one in best])
        matches: dict[str, Match] = {}
        for one, at in zip(best, shared, strict=True):
            text, length = texts[one.text], int(grams.spans[one.item])
            own = words(text, split)
            shown: list[str] = []
            for place in at:
                gram = " ".join(own[place : place + length])
                if gram not in shown:
                    shown.append(gram)
                if len(shown) == SHOWN:
                    break
            start, end = span(text, at[0], at[-1] + length - 1, split)
            size = int(grams.sizes[one.item])
            matches[text] = Match(grams.items[one.item], one.share, size, rule, tuple(shown), start, end)
        return matches


def contaminated_items(questions: Mapping[str, str], items: Mapping[str, str], rule: Decontamination) -> dict[str, str]:
    """The items (id to text) that one of the training questions (id to text) repeats, with the evidence.

    A match names only the nearest item, but a text may contain several items, or one that two benchmarks share. So the
    found items are removed and the matching texts are looked up again, until nothing is found.
    """
    found: dict[str, str] = {}
    left, asked = dict(items), dict(questions)
    while left and asked:
        matches = ItemIndex(left, rule).match_all(list(asked.values()))
        asked = {
            problem: text for (problem, text), match in zip(asked.items(), matches, strict=True) if match is not None
        }
        told = [match for match in matches if match is not None]
        for problem, match in zip(asked, told, strict=True):
            found.setdefault(match.item, f"problem {problem} of the training set: {match}")
        left = {item: text for item, text in left.items() if item not in found}
    return dict(sorted(found.items()))
