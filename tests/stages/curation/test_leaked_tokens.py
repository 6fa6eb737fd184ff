"""Tokens of other models in a teacher's text: found where they leaked, and not in HTML or mathematics."""

import pytest

from skyassets.stages.curation.leaked_tokens import leaked_token
from skyassets.stages.extraction.trace_format import Structured, join


@pytest.mark.parametrize(
    "token", ["<｜end▁of▁sentence｜>", "<｜Assistant｜>", "[/INST]", "[INST]", "<<SYS>>", "<turn|>", "<|special_5|>"]
)
def test_a_spelling_that_no_text_has_is_found_anywhere(token: str) -> None:
    assert leaked_token(f"So it is 4{token}, I think.") == token


@pytest.mark.parametrize("token", ["</s>", "<eos>"])
def test_an_end_token_is_found_at_the_end_of_a_text_or_of_its_parts(token: str) -> None:
    assert leaked_token(f"It is 4.{token}\n") == token
    assert leaked_token(join(Structured("So.", f"It is 4.{token}"))) == token
    assert leaked_token(join(Structured(f"So.{token}", "It is 4."))) == token


@pytest.mark.parametrize(
    "text",
    ["<s>old</s> new", "the token </s> ends it", "|a|<|b|, 1 <| 2 |> 3", "x<|y|>z", "[INSTALL] a[0]", "1 << 2 >> 3",
     "```html\n<s>old</s>\n```", join(Structured("t", "s"))],
)  # fmt: skip
def test_ordinary_text_has_none(text: str) -> None:
    assert leaked_token(text) is None
