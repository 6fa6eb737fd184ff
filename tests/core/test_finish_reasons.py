"""Servers' words for why a completion ended, in one spelling."""

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skyassets.core.finish_reasons import COMMON, SYNONYMS, common_word, resolved, resolved_column, translated


@pytest.mark.parametrize(
    ("word", "common"),
    [
        ("stop", "stop"), ("eos", "stop"), ("eos_token", "stop"), ("end", "stop"), ("end_turn", "stop"),
        ("stop_sequence", "stop"), ("STOP", "stop"), ("FinishReason.MAX_TOKENS", "length"), ("model_length", "length"),
        ("max_tokens", "length"), ("SAFETY", "content_filter"), ("tool_use", "tool_calls"), (None, "unknown"),
        ("satisfied", "satisfied"),
    ],
)  # fmt: skip
def test_a_servers_word_becomes_the_common_one(word: str | None, common: str) -> None:
    assert common_word(word) == common


@pytest.mark.parametrize(
    ("word", "tokens", "reason"),
    [(None, 7, "stop"), (None, 10, "length"), (None, 0, "unknown"), ("", 7, "stop"), ("eos", 10, "stop")],
)
def test_without_a_word_the_token_count_tells(word: str | None, tokens: int, reason: str) -> None:
    assert resolved(word, tokens, max_tokens=10) == reason
    stored = translated(
        pl.DataFrame({"finish_reason": [word or "unknown"], "completion_tokens": [tokens]}), ["finish_reason"]
    )
    assert stored.select(resolved_column(10))["finish_reason"].to_list() == [reason]


@example(["\x1f", "\x1cstop", "stop\x85", "a\n.stop", "\nstop "])
@given(
    st.lists(st.sampled_from([*SYNONYMS, *COMMON, "EOS", "new word", "x.y"]) | st.text(st.characters(codec="ascii")))
)
def test_stored_words_are_read_as_new_ones_are(words: list[str]) -> None:
    rows = pl.DataFrame({"finish_reason": words}, schema={"finish_reason": pl.String()})
    read = translated(rows, rows.columns)["finish_reason"].to_list()
    assert [word in COMMON for word in read] == [common_word(word) in COMMON for word in words]
    assert [word for word in read if word in COMMON] == [
        common_word(word) for word in words if common_word(word) in COMMON
    ]


def test_a_table_without_the_column_is_left_alone() -> None:
    rows = pl.DataFrame({"a": [1]})
    assert translated(rows, rows.columns) is rows
