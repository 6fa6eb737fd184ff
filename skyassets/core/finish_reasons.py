"""Finish reasons: why a completion ended. Servers spell them differently; rows and tables use one spelling."""

from collections.abc import Iterable
from typing import TypeVar

import polars as pl

STOP = "stop"
"""The model ended its text."""
LENGTH = "length"
"""The token limit cut the text."""
UNKNOWN = "unknown"
"""The server gave no finish reason."""
REFUSAL = "refusal"
"""The model refused to answer."""
FILTERED = "content_filter"
"""The provider withheld the text."""
TOOL_CALLS = "tool_calls"
"""The model called a tool instead of answering."""
ERROR = "error"

SYNONYMS = {
    **dict.fromkeys(
        (
            "eos", "eos_token", "end", "end_turn", "end_of_turn", "end_of_sequence", "end_of_text", "endoftext",
            "stop_sequence", "stop_token", "stop_words", "stop_str", "complete", "completed", "finished", "done",
            "normal", "success", "natural",
        ),
        STOP,
    ),
    **dict.fromkeys(
        (
            "max_tokens", "max_token", "max_new_tokens", "max_length", "max_output_tokens", "max_completion_tokens",
            "model_length", "model_context_window_exceeded", "length_limit", "token_limit", "truncated",
        ),
        LENGTH,
    ),
    **dict.fromkeys(("", "null", "none", "finish_reason_unspecified"), UNKNOWN),
    **dict.fromkeys(("safety", "filtered", "sensitive", "prohibited_content", "blocklist", "recitation"), FILTERED),
    **dict.fromkeys(("tool_call", "tool_use", "function_call", "function"), TOOL_CALLS),
    **dict.fromkeys(("refused",), REFUSAL),
}  # fmt: skip
"""A server's word, in lower case, to the common one. Sources: the API references of OpenAI, Anthropic, Gemini, Mistral,
Together, TGI, Cohere and OpenRouter."""
COMMON = frozenset((STOP, LENGTH, UNKNOWN, REFUSAL, FILTERED, TOOL_CALLS, ERROR))

WHITESPACE = " \t\r\n\f\v"
"""Stripped from a word. Python and polars differ in what else they call whitespace."""

Rows = TypeVar("Rows", pl.DataFrame, pl.LazyFrame)


def common_word(word: object) -> str:
    """The common spelling of a server's word; an unknown word is kept as it is, and None becomes `unknown`."""
    text = "" if word is None else str(word).strip(WHITESPACE)
    lower = text.lower().rpartition(".")[2]
    return lower if lower in COMMON else SYNONYMS.get(lower, text)


def resolved(word: object, completion_tokens: int, max_tokens: int) -> str:
    """The finish reason of a completion: if the server gave none, the token count tells whether the limit cut it.

    Without a token count (0) it stays unknown.
    """
    reason = common_word(word)
    if reason != UNKNOWN or not completion_tokens:
        return reason
    return STOP if completion_tokens < max_tokens else LENGTH


def resolved_column(max_tokens: int) -> pl.Expr:
    """The column `finish_reason` as `resolved` gives it, from the columns `finish_reason` and `completion_tokens`."""
    word, tokens = pl.col("finish_reason"), pl.col("completion_tokens")
    by_length = pl.when(tokens < max_tokens).then(pl.lit(STOP)).otherwise(pl.lit(LENGTH))
    return pl.when((word == UNKNOWN) & (tokens > 0)).then(by_length).otherwise(word).alias("finish_reason")


def translated(rows: Rows, columns: Iterable[str]) -> Rows:
    """`rows`, which have these columns, with the common words for what earlier versions stored."""
    if "finish_reason" not in columns:
        return rows
    word, common = pl.col("finish_reason"), {**{name: name for name in COMMON}, **SYNONYMS}
    lower = word.str.strip_chars(WHITESPACE).str.to_lowercase().str.replace(r"(?s)^.*\.", "")
    return rows.with_columns(
        lower.replace_strict(common, default=word, return_dtype=pl.String()).alias("finish_reason")
    )
