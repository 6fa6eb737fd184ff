"""Item scores and votes: how the samples of one item are combined."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stages.answered import answers

from skyassets.stages.evaluation.item_scores import item_scores
from skyassets.stages.evaluation.majority_vote import alike


def scored(letters: str, **same: object) -> dict[str, object]:
    return item_scores(answers(("base", "p", letters), **same).lazy()).row(0, named=True)


def test_unjudged_samples_and_failed_ones_count_in_no_share() -> None:
    result = scored("rrAu-")
    assert (result["strict"], result["strict_judged"], result["strict_right"]) == (pytest.approx(2 / 3), 3, 2)
    assert (result["samples"], result["answered"], result["unjudged"]) == (5, 4, pytest.approx(2 / 5))
    assert result["tokens"] == 25


def test_an_unjudged_item_has_no_score() -> None:
    result = scored("uu-")
    assert result["strict"] is None
    assert result["strict_majority"] is None


def test_a_sample_cut_by_the_limit_is_truncated() -> None:
    result = scored("rr", finish_reason="length")
    assert (result["finished"], result["truncated"]) == (0, 1)


@pytest.mark.parametrize(
    ("letters", "score"),
    [
        ("rrA", 1), ("rAA", 0), ("rA", 0.5), ("rABC", 0.25), ("rrAABB", 1 / 3), ("nnr", 1), ("nnn", 0), ("uur", 1),
        ("nnnAr", 0.5), ("uuuA", 0),
    ],
)  # fmt: skip
def test_the_most_votes_win_and_ties_are_shared(letters: str, score: float) -> None:
    assert scored(letters)["strict_majority"] == pytest.approx(score)


def test_one_sample_and_code_hold_no_vote() -> None:
    assert scored("r")["strict_majority"] is None
    assert scored("rr", domain="code")["strict_majority"] is None


@given(st.text("rABnu", min_size=2, max_size=12).flatmap(lambda x: st.tuples(st.just(x), st.permutations(x))))
def test_the_order_of_the_samples_changes_no_vote(letters: tuple[str, list[str]]) -> None:
    one, other = (scored("".join(each))["strict_majority"] for each in letters)
    assert one == other


@pytest.mark.parametrize(("one", "other"), [("0.5", "\\frac{1}{2}"), ("1/2", "0.50"), ("X", "x"), ("007", "7")])
def test_equal_answers_vote_together(one: str, other: str) -> None:
    assert alike(one) == alike(other)


@pytest.mark.parametrize(("one", "other"), [("1", "2"), ("x^2", "x^3"), ("5 cm", "5 m")])
def test_different_answers_vote_separately(one: str, other: str) -> None:
    assert alike(one) != alike(other)
