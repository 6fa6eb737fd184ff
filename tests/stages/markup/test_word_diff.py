"""Changes between two texts: both can be read off them, and an excerpt keeps every change."""

import time

from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.markup.word_diff import Edit, Piece, changes, excerpt, marked

TEXTS = st.text(st.sampled_from("ab \n"), max_size=60)


def side(pieces: list[Piece], without: Edit) -> str:
    return "".join(piece.text for piece in pieces if piece.kind is not without)


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_off_the_pieces(before: str, after: str) -> None:
    pieces = changes(before, after)
    assert side(pieces, Edit.ADDED) == before
    assert side(pieces, Edit.REMOVED) == after


@given(TEXTS, TEXTS)
def test_an_excerpt_keeps_every_change(before: str, after: str) -> None:
    pieces = changes(before, after)
    changed = [piece for piece in pieces if piece.kind is not Edit.SAME]
    assert [piece for piece in excerpt(pieces) if piece.kind is not Edit.SAME] == changed


def test_a_changed_word_is_marked_as_git_does() -> None:
    assert marked(changes("put the answer here", "put the final answer here")) == "put the {+final +}answer here"
    assert marked(changes("one two", "one three")) == "one [-two-]{+three+}"


def test_text_far_from_a_change_is_left_out() -> None:
    words = " ".join(f"w{number}" for number in range(100))
    output = marked(excerpt(changes(f"{words} old end", f"{words} new end"), context=2))
    assert output == " … w98 w99 [-old -]{+new +}end"


def test_the_middle_of_a_very_long_change_is_left_out() -> None:
    added = " ".join(f"w{number}" for number in range(1000))
    output = marked(excerpt(changes("start", f"start {added}")))
    assert output.endswith("w999+}")
    assert "… 940 words …" in output or "… 941 words …" in output
    assert len(output) < 500


def test_long_texts_are_compared_within_a_second() -> None:
    before = "\n".join(f"line {number} says the same the same the same" for number in range(4000))
    after = before.replace("line 7 ", "row 7 ").replace("line 3999 ", "row 3999 ")
    started = time.monotonic()
    pieces = changes(before, after)
    assert time.monotonic() - started < 5
    assert side(pieces, Edit.REMOVED) == after
    assert sum(piece.kind is Edit.ADDED for piece in pieces) == 2
