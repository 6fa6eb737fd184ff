"""Contamination: a benchmark's item is found whole or mostly, and shared boilerplate is not a match."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stages.plain_contamination import alike, held

from skyassets.stages.deduplication.contamination import (
    CONTAINMENT,
    NEAR_DUPLICATE,
    Decontamination,
    ItemIndex,
    Match,
)
from skyassets.stages.deduplication.near_duplicates import NearDuplicates
from skyassets.stages.deduplication.words import Split

ITEM = "A farmer has seven hens and each hen lays three eggs a day; how many eggs are laid in a week?"
words = st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=6, max_size=30)
few_words = st.lists(st.sampled_from(["a", "B", "b", "ß", "SS", "x²", "é", "e\u0301", "7", "İ", "$", "_"]), max_size=12)
texts = few_words.flatmap(
    lambda drawn: st.lists(st.sampled_from([" ", ", ", "\n", "-", "\x1f", "\u00a0", ""]), min_size=len(drawn)).map(
        lambda gaps: "".join(word + gap for word, gap in zip(drawn, gaps, strict=False))
    )
)
rules = st.builds(
    Decontamination,
    ngram=st.integers(1, 4),
    share=st.sampled_from([0.0, 0.3, 0.5, 1.0]),
    split=st.sampled_from(Split),
    whole_short=st.booleans(),
    near=st.none(),
)


def matched(text: str, item: str = ITEM, rule: Decontamination | None = None) -> Match | None:
    return ItemIndex({"item": item}, rule or Decontamination()).matches([text])[0]


def is_match(text: str, item: str = ITEM) -> bool:
    return matched(text, item) is not None


@settings(deadline=None)
@given(words, words, words)
def test_an_item_wrapped_in_other_text_is_found(item: list[str], before: list[str], after: list[str]) -> None:
    assert is_match(" ".join([*before, *item, *after]), " ".join(item))


@pytest.mark.parametrize("text", [ITEM.upper(), ITEM.replace(" ", "  "), f"Solve: {ITEM} Explain.", ITEM.rstrip("?")])
def test_style_does_not_hide_an_item(text: str) -> None:
    assert is_match(text)


def test_boilerplate_alone_is_no_match() -> None:
    assert not is_match("A farmer has nine cows and a dog; how many legs are there on the farm in all of May?")


def test_a_short_item_must_occur_whole() -> None:
    assert is_match("Tell me: what is 7 times 8?", "What is 7 times 8?")
    assert not is_match("What is 7 times 9?", "What is 7 times 8?")


def test_an_empty_item_matches_nothing() -> None:
    assert not is_match("anything at all", "")
    assert not is_match("", "")


@settings(deadline=None)
@given(st.lists(texts, max_size=5), st.lists(texts, max_size=5), rules)
def test_the_look_up_agrees_with_the_plain_one(items: list[str], questions: list[str], rule: Decontamination) -> None:
    named = {f"item {number}": item for number, item in enumerate(items)}
    result = [match and (match.item, match.share) for match in ItemIndex(named, rule).matches(questions)]
    assert result == [held(named, rule, text) for text in questions]


@settings(deadline=None)
@given(st.lists(texts, max_size=5), st.lists(texts, max_size=5), st.booleans(), st.sampled_from([0.3, 0.6, 1.0]))
def test_near_duplicates_agree_with_the_plain_look_up(
    items: list[str], questions: list[str], same_numbers: bool, threshold: float
) -> None:
    named = {f"item {number}": item for number, item in enumerate(items)}
    # Runs of 100 words that no text holds: only near-duplicates are left to find.
    near = NearDuplicates(threshold, shingle=2, same_numbers=same_numbers)
    rule = Decontamination(ngram=100, whole_short=False, near=near)
    result = [match and (match.item, match.share) for match in ItemIndex(named, rule).matches(questions)]
    assert result == [alike(named, rule, text) for text in questions]


@settings(deadline=None)
@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4), rules)
def test_the_evidence_is_at_the_stated_place(items: list[str], questions: list[str], rule: Decontamination) -> None:
    index = ItemIndex({str(number): item for number, item in enumerate(items)}, rule)
    for text, match in zip(questions, index.matches(questions), strict=True):
        if match is not None:
            there = ItemIndex({match.item: items[int(match.item)]}, rule).matches([text[match.start : match.end]])[0]
            assert there is not None
            assert there.share == match.share


def test_the_evidence_names_item_share_ngrams_and_place() -> None:
    text = f"Solve: {ITEM} Explain."
    match = ItemIndex({"x1": ITEM, "x2": "something else entirely"}, Decontamination()).matches([text])[0]
    assert match is not None
    assert (match.item, match.share, match.rule) == ("x1", 1.0, CONTAINMENT)
    assert text[match.start : match.end] == ITEM.rstrip("?")
    assert match.shared[0] == "a farmer has seven hens"
    assert str(match) == (
        "n-gram containment: 100% of the 17 n-grams of benchmark problem x1, in characters 7-99: "
        '"a farmer has seven hens", "farmer has seven hens and", "has seven hens and each"'
    )


def test_scattered_edits_are_a_near_duplicate() -> None:
    item = " ".join(f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")
    text = item.replace("wordm", "other")
    strict = Decontamination(share=0.9, near=NearDuplicates(0.75))
    match = matched(text, item, strict)
    assert match is not None
    assert match.rule == NEAR_DUPLICATE
    assert match.share == pytest.approx(21 / 27)
    assert "near-duplicate: similarity 0.78 to the 24 shingles" in str(match)
    assert matched(text, item, replace(strict, near=None)) is None


def test_an_item_with_another_number_is_another_problem() -> None:
    item = f"Let me tell you a story. {ITEM} Give the answer after 7 days."
    other = item.replace("7", "9")
    strict = Decontamination(ngram=40, share=1.0)
    assert matched(other, item, strict) is None
    careless = replace(strict, near=NearDuplicates(same_numbers=False))
    assert matched(other, item, careless) is not None


def test_one_shared_ngram_is_enough_for_the_rule_of_the_published_recipes() -> None:
    rule = Decontamination(8, share=0.0, split=Split.SPACED, whole_short=False, near=None)
    assert matched("Mine: a farmer has seven hens and each hen sings.", ITEM, rule) is not None
    assert matched("Mine: a farmer has seven hens and each cow sings.", ITEM, rule) is None
    assert matched("What is 7 times 8?", "What is 7 times 8?", rule) is None


def test_many_items_that_share_a_run_are_counted_apart() -> None:
    items = {f"{number:04d}": f"write a python function to print the number {number}" for number in range(3000)}
    index = ItemIndex(items, Decontamination(share=1.0))
    questions = [f"{text}, please" for text in items.values()]
    assert [match and match.item for match in index.matches(questions)] == list(items)
