"""Near-duplicates: every repetition is found, nothing that differs in a number is one, and the first one stays."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skyassets.stages.deduplication import jaccard_join
from skyassets.stages.deduplication.near_duplicates import Duplicate, NearDuplicates, near_duplicates, shingles
from skyassets.stages.deduplication.words import quantities

STORY = (
    "A farmer has seven hens, and each of the hens lays three eggs a day, which the farmer sells on the market for "
    "two coins each; how many coins does the farmer earn in a week with 7 days?"
)
texts = st.lists(st.lists(st.sampled_from(["a", "b", "C", "é", "7", "8", "ß"]), max_size=9).map(" ".join), max_size=14)
rules = st.builds(
    NearDuplicates,
    threshold=st.sampled_from([0.2, 0.5, 0.6, 0.7, 0.8, 1.0]),
    shingle=st.integers(1, 4),
    same_numbers=st.booleans(),
)


def plainly(texts: Sequence[str], rule: NearDuplicates, groups: Sequence[object]) -> list[Duplicate | None]:
    """Every text compared with every earlier one that is kept."""
    result: list[Duplicate | None] = []
    for own, text in enumerate(texts):
        same = [of for of in range(own) if texts[of] == text and groups[of] == groups[own]]
        if same:
            result.append(result[same[0]] or Duplicate(same[0], 1.0))
            continue
        best: Duplicate | None = None
        for of in range(own):
            if result[of] is not None or groups[of] != groups[own]:
                continue
            if rule.same_numbers and quantities(text) != quantities(texts[of]):
                continue
            mine, theirs = shingles(text, rule), shingles(texts[of], rule)
            similarity = len(mine & theirs) / (len(mine | theirs) or 1)
            if similarity >= rule.threshold and (best is None or similarity > best.similarity):
                best = Duplicate(of, similarity)
        result.append(best)
    return result


@settings(deadline=None)
@given(texts, rules)
def test_the_join_agrees_with_the_plain_one(texts: list[str], rule: NearDuplicates) -> None:
    assert near_duplicates(texts, rule) == plainly(texts, rule, [None] * len(texts))


@settings(deadline=None)
@given(texts.flatmap(lambda drawn: st.tuples(st.just(drawn), st.lists(st.integers(0, 2), min_size=14))), rules)
def test_only_texts_of_a_group_are_compared(drawn: tuple[list[str], list[int]], rule: NearDuplicates) -> None:
    texts, groups = drawn[0], drawn[1][: len(drawn[0])]
    assert near_duplicates(texts, rule, groups) == plainly(texts, rule, groups)


@pytest.mark.parametrize("same_numbers", [True, False])
def test_many_texts_agree_with_the_plain_join(same_numbers: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    # Small portions, so that many are joined.
    monkeypatch.setattr(jaccard_join, "PORTION", 500)
    dice = random.Random(4)
    words = [f"w{number}" for number in range(60)]
    texts = [" ".join(dice.choices(words, k=dice.randint(0, 40))) for _ in range(150)]
    texts += [text.replace("w7", dice.choice(words)) for text in texts for _ in range(2)]
    dice.shuffle(texts)
    rule = NearDuplicates(0.7, same_numbers=same_numbers)
    result = near_duplicates(texts, rule)
    assert sum(twin is not None for twin in result) > 100
    assert result == plainly(texts, rule, [None] * len(texts))


def test_groups_over_several_batches_agree_with_the_plain_join(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("skyassets.stages.deduplication.near_duplicates.BATCH", 300)
    dice = random.Random(5)
    texts = [STORY.replace("hens", dice.choice(["hens", "ducks", "geese"])) for _ in range(60)]
    groups = [dice.randint(0, 9) for _ in texts]
    result = near_duplicates(texts, NearDuplicates(), groups)
    assert result == plainly(texts, NearDuplicates(), groups)


def test_the_first_of_its_kind_stays() -> None:
    assert near_duplicates([STORY, "else", f"({STORY})", STORY], NearDuplicates()) == [
        None, None, Duplicate(0, 1.0), Duplicate(0, 1.0),
    ]  # fmt: skip


def test_texts_that_differ_in_a_number_are_two() -> None:
    assert near_duplicates([STORY, STORY.replace("7 days", "9 days")], NearDuplicates()) == [None, None]
    careless = NearDuplicates(same_numbers=False)
    assert near_duplicates([STORY, STORY.replace("7 days", "9 days")], careless)[1] is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x + 2", "x - 2"),
        (r"x \le 5", r"x \ge 5"),
        ("a < b", "a > b"),
        ("7!", "7"),
        ("NINE", "TEN"),
        ("find b", "find c"),
    ],
)
def test_texts_that_differ_in_a_sign_are_two(one: str, other: str) -> None:
    assert near_duplicates([f"{STORY} {one}", f"{STORY} {other}"], NearDuplicates()) == [None, None]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,000 eggs", "1000 eggs"),
        ("a well-known farm", "a well known farm"),
        (r"x \leq 5", r"x \le 5"),
        ("$x$", r"\(x\)"),
    ],
)
def test_another_spelling_of_the_same_is_a_near_duplicate(one: str, other: str) -> None:
    assert near_duplicates([f"{STORY} {one}", f"{STORY} {other}"], NearDuplicates())[1] is not None


def test_texts_without_a_word_are_duplicates_only_if_equal() -> None:
    assert near_duplicates(["", "?!", "", "..."], NearDuplicates()) == [None, None, Duplicate(0, 1.0), None]


def test_an_empty_list_has_no_duplicates() -> None:
    assert near_duplicates([], NearDuplicates()) == []
    assert near_duplicates([], NearDuplicates(), []) == []


def test_a_chain_does_not_drop_what_only_its_middle_resembles() -> None:
    words = [f"word{number:02d}" for number in range(40)]
    first, middle, last = (" ".join(words[at : at + 30]) for at in (0, 3, 6))
    rule = NearDuplicates(0.8, same_numbers=False)
    assert near_duplicates([first, middle, last], rule) == [None, Duplicate(0, pytest.approx(25 / 31)), None]
