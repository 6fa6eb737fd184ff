"""Tokens of chat templates in a teacher's text: found where they leaked, and not in prose, HTML or mathematics."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skyassets.stages.curation.rules import WellFormed
from skyassets.stages.extraction.template_tokens import template_token
from skyassets.stages.extraction.trace_format import Structured, join
from skyassets.stages.rewriting.rewrite import RuleRewriting, by_rules

EVERYWHERE = (
    "<|im_end|>", "<|im_start|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|eot|>", "<|end|>", "<|user|>",
    "<|assistant|>", "<|end_of_text|>", "<|start_header_id|>", "<|return|>", "<|END_OF_TURN_TOKEN|>", "<|special_5|>",
    "<end_of_turn>", "<start_of_turn>", "<|turn>", "<turn|>", "<｜end▁of▁sentence｜>", "<｜Assistant｜>", "<<SYS>>",
    "[/SYSTEM_PROMPT]", "[|endofturn|]", "[e~[", "<seed:eos>", "<SPECIAL_12>", "<unused7>",
)  # fmt: skip
AT_AN_END = ("</s>", "<eos>", "[/INST]", "<bos>", "<pad>", "[gMASK]", "[INST]", "<s>")


@pytest.mark.parametrize("token", EVERYWHERE)
@pytest.mark.parametrize("form", ["So it is 4{}, I think.", "It is 4.{}", "{}It is 4.", "a {} b", "```\n{}\n```\nso"])
def test_a_spelling_that_no_other_text_has_is_found_anywhere(token: str, form: str) -> None:
    assert template_token(form.format(token)) == token
    assert template_token(join(Structured(form.format(token), "4"))) == token


@pytest.mark.parametrize("token", AT_AN_END)
@pytest.mark.parametrize("form", ["It is 4.{}\n", "It is 4. {}", "```python\nprint(4)\n```{}", "{}It is 4.", " {} It."])
def test_a_token_that_other_text_has_too_is_found_at_an_end(token: str, form: str) -> None:
    text = form.format(token)
    assert template_token(text) == token
    assert template_token(join(Structured("So.", text))) == token
    assert template_token(join(Structured(text, "It is 4."))) == token


@pytest.mark.parametrize(
    ("text", "token"),
    [
        ("<s>It is 4.</s>", "<s>"),
        ("It is 4.</s><s>[INST] And 5? [/INST] 5", "<s>[INST]"),
        ("It is 4.</s> [INST] And 5? [/INST] 5", "</s> [INST]"),
        ("The <s>price</s> is 4.</s>", "</s>"),
        ("<s>The <s>price</s> is 4.", None),
    ],
)
def test_tokens_stand_where_a_template_writes_them(text: str, token: str | None) -> None:
    assert template_token(text) == token


@pytest.mark.parametrize(
    "text",
    [
        "<s>strike</s> and new", "It was <s>5</s>", "It was <s>5</s> and <s>6</s>", "The token </s> ends it.",
        "|a|<|b|, 1 <| 2 |> 3", "x<|y|>z", "the speed is <|v|>", "[INSTALL] a[0]", "1 << 2 >> 3",
        "```html\n<s>x</s>\n```",
        "Llama 2 writes `[INST]` and `[/INST]` around it.", "The [INST] tag opens it, [/INST] closes it: 4",
        'It ends with "</s>".', "It ends with `<eos>`.", "Pad it with <pad> tokens.", "regs[INST] = 4", "[|1; 2|]",
        "a <b> c </b>", "<bosons> and </small>",
    ],
)  # fmt: skip
def test_ordinary_text_has_none(text: str) -> None:
    assert template_token(text) is None
    assert template_token(join(Structured(text, text))) is None


@given(st.text(st.characters(exclude_characters="<[]｜|>")))
def test_a_text_without_brackets_has_none(text: str) -> None:
    assert template_token(text) is None


@pytest.mark.parametrize("token", [*EVERYWHERE[:6], *AT_AN_END[:3], "</think>", "[THINK]"])
def test_a_rewrite_that_holds_a_mark_is_refused_by_name(token: str) -> None:
    solution = f"The answer is \\boxed{{4}}.{token}"
    made = by_rules(f"<think>\nWe add.\n</think>\n\n{solution}", "maths", RuleRewriting())
    assert made.text is None
    if token in (*EVERYWHERE, *AT_AN_END):
        assert made.failed == f"a chat template's token is left in the rewrite: {token}"
    reason = WellFormed().fault({"rewritten": join(Structured("We add.", solution))})
    assert reason == f"the answer contains {token!r}, a mark of a thought or of a turn"


@pytest.mark.parametrize("piece", ["<s>", "</s>", "[INST]", "</s> ", "<|", "<|a", "<｜", "<|im_end", " ", "</s>\n"])
def test_no_text_takes_long_to_search(piece: str) -> None:
    before = time.process_time()
    template_token(f"a{piece * 50_000}b")
    assert time.process_time() - before < 2
