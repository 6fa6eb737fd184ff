"""Contaminated items: none is missed because another one is more similar to the same text."""

from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.deduplication.contamination import Decontamination, contaminated_items

RULE = Decontamination(ngram=5, share=0.5, near=None)
SEA = "how many ships sailed over the calm sea before the harbour of the old town froze"
HILL = "a farmer walks up a steep hill with seven goats and counts every stone on his way"


def test_two_items_of_the_same_words_are_both_found() -> None:
    result = contaminated_items({"p": f"Tell me: {SEA}"}, {"a": SEA, "b": SEA, "c": HILL}, RULE)
    assert set(result) == {"a", "b"}
    assert all(evidence.startswith("problem p of the training set") for evidence in result.values())


def test_a_text_with_two_items_names_both() -> None:
    assert set(contaminated_items({"p": f"{SEA} {HILL}"}, {"a": SEA, "c": HILL}, RULE)) == {"a", "c"}


def test_near_duplicates_are_found_too() -> None:
    edited = " ".join(word if place % 7 else f"{word}s" for place, word in enumerate(SEA.split()))
    assert set(contaminated_items({"p": edited}, {"a": SEA}, Decontamination(ngram=8))) <= {"a"}


def test_nothing_is_found_in_empty_texts() -> None:
    assert contaminated_items({}, {"a": SEA}, RULE) == {}
    assert contaminated_items({"p": SEA}, {}, RULE) == {}


@given(st.permutations([("p", SEA), ("q", f"{SEA} {HILL}"), ("r", HILL)]))
def test_the_order_of_the_texts_changes_no_item(texts: list[tuple[str, str]]) -> None:
    assert set(contaminated_items(dict(texts), {"a": SEA, "b": HILL, "c": SEA}, RULE)) == {"a", "b", "c"}
