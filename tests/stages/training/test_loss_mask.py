from hypothesis import given
from hypothesis import strategies as st

from skyassets.core.ports import TokenPiece
from skyassets.stages.training.loss_mask import LEGEND, as_markdown, as_text, counts, shortened, summary

PIECES = [
    TokenPiece("user\nWhat?\n", learned=False, tokens=5),
    TokenPiece("This.<|im_end|>", learned=True, tokens=3, end="<|im_end|>"),
    TokenPiece("\nWhy?\n", learned=False, tokens=4),
    TokenPiece("So.<|im_end|>", learned=True, tokens=2, end="<|im_end|>"),
]
TEXT = st.text(st.sampled_from("`~<>|*_#![]()\n\r\x1b\u202e aé"), max_size=60)


def test_learned_text_is_between_marks() -> None:
    assert as_text(PIECES) == "user\nWhat?\n⟦This.<|im_end|>⟧\nWhy?\n⟦So.<|im_end|>⟧"


def test_the_counts_and_the_ends_of_turns_are_shown() -> None:
    assert counts(PIECES) == (14, 5)
    result = "14 tokens, 5 of them learned (35.7%); <|im_end|> is token 8; <|im_end|> is token 14"
    assert summary(PIECES) == result


def test_an_example_without_tokens_can_be_shown() -> None:
    assert summary([]) == "0 tokens, 0 of them learned (none)"


@given(texts=st.lists(TEXT, min_size=1, max_size=4), limit=st.integers(1, 200))
def test_no_text_steers_a_terminal_or_breaks_out_of_its_block(texts: list[str], limit: int) -> None:
    pieces = [TokenPiece(text, learned=at % 2 == 1, tokens=1) for at, text in enumerate(texts)]
    assert all(letter.isprintable() or letter == "\n" for letter in as_text(pieces))
    lines = as_markdown(pieces, limit).split("\n")
    fence = lines[2].removesuffix("text")
    assert set(fence) == {"`"}
    assert len(fence) >= 3
    closing = [at for at, line in enumerate(lines) if at > 2 and line.strip().startswith(fence)]
    assert closing == [len(lines) - 3]
    assert lines[-1] == LEGEND


def test_a_long_example_is_cut_in_the_middle_of_its_pieces_and_ends_are_kept() -> None:
    pieces = [TokenPiece("p" * 5000, False, 9), TokenPiece("a" * 9000 + "<|im_end|>", True, 9, "<|im_end|>")]
    result = as_markdown(pieces, 1000)
    assert "4,500 characters" in result
    assert "<|im_end|>⟧" in result
    assert len(result) < 1500


@given(text=st.text(st.sampled_from("ab\n"), max_size=50), limit=st.integers(1, 60))
def test_examples_that_fit_are_unchanged_and_the_rest_is_counted(text: str, limit: int) -> None:
    short = shortened(text, limit)
    if len(text) <= limit:
        assert short == text
        return
    head, result, tail = short.split(" … ")
    assert text.startswith(head)
    assert text.endswith(tail)
    assert result == f"{len(text) - len(head) - len(tail)} characters"
    assert len(head) + len(tail) == limit
