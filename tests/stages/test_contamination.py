"""Contamination: a benchmark's item is found whole or mostly, and shared boilerplate is not a match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.contamination import Decontamination, ItemIndex

ITEM = "A farmer has seven hens and each hen lays three eggs a day; how many eggs are laid in a week?"
words = st.lists(st.text("abcdefgh", min_size=1, max_size=6), min_size=6, max_size=30)


def found(text: str, item: str = ITEM, **rule: float) -> bool:
    return ItemIndex({"item": item}, Decontamination(**rule)).match(text) is not None  # type: ignore[arg-type]


@given(words, words, words)
def test_an_item_wrapped_in_other_text_is_found(item: list[str], before: list[str], after: list[str]) -> None:
    assert found(" ".join([*before, *item, *after]), " ".join(item))


@pytest.mark.parametrize("text", [ITEM.upper(), ITEM.replace(" ", "  "), f"Solve: {ITEM} Explain.", ITEM.rstrip("?")])
def test_style_does_not_hide_an_item(text: str) -> None:
    assert found(text)


def test_boilerplate_alone_is_no_match() -> None:
    assert not found("A farmer has nine cows and a dog; how many legs are there on the farm in all of May?")


def test_a_short_item_must_be_there_whole() -> None:
    assert found("Tell me: what is 7 times 8?", "What is 7 times 8?")
    assert not found("What is 7 times 9?", "What is 7 times 8?")


def test_the_evidence_names_item_and_share() -> None:
    match = ItemIndex({"x1": ITEM, "x2": "something else entirely"}, Decontamination()).match(ITEM)
    assert match is not None
    assert (match.item, match.share) == ("x1", 1.0)
    assert "x1" in str(match)


def test_an_empty_item_matches_nothing() -> None:
    assert not found("anything at all", "")
