"""Finish reasons: why a completion ended. Servers spell them differently; rows and tables use one spelling."""

import re
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
INTERRUPTED = "interrupted"
"""The server broke the completion off."""

SYNONYMS = {
    **dict.fromkeys(
        (
            "eos", "eostoken", "end", "endturn", "endofturn", "endofsequence", "endoftext", "stopsequence", "stoptoken",
            "stopwords", "stopstr", "complete", "completed", "finished", "done", "normal", "success", "natural",
        ),
        STOP,
    ),
    **dict.fromkeys(
        (
            "maxtokens", "maxtoken", "maxnewtokens", "maxlength", "maxoutputtokens", "maxcompletiontokens",
            "modellength", "modelcontextwindowexceeded", "lengthlimit", "tokenlimit", "truncated",
        ),
        LENGTH,
    ),
    **dict.fromkeys(("", "null", "none", "finishreasonunspecified"), UNKNOWN),
    **dict.fromkeys(("safety", "filtered", "sensitive", "prohibitedcontent", "blocklist", "recitation"), FILTERED),
    **dict.fromkeys(("toolcall", "tooluse", "functioncall", "function"), TOOL_CALLS),
    **dict.fromkeys(("refused",), REFUSAL),
    **dict.fromkeys(
        (
            "abort", "aborted", "cancelled", "canceled", "networkerror", "insufficientsystemresource", "timeout",
            "engineoverloaded", "overloaded",
        ),
        INTERRUPTED,
    ),
}  # fmt: skip
"""A server's word, in lower case and without separators, to the common one. Sources: the API references of OpenAI,
Anthropic, Gemini, Mistral, Together, TGI, Cohere, DeepSeek, Z.ai, Amazon Bedrock and OpenRouter."""
COMMON = frozenset((STOP, LENGTH, UNKNOWN, REFUSAL, FILTERED, TOOL_CALLS, ERROR, INTERRUPTED))
_SEPARATORS = "[-_ ]"
_WORDS = {**{re.sub(_SEPARATORS, "", word): word for word in COMMON}, **SYNONYMS}
WHITESPACE = " \t\r\n\f\v"
"""Stripped from a word. Python and polars differ in what else they call whitespace."""

Rows = TypeVar("Rows", pl.DataFrame, pl.LazyFrame)


def common_word(word: object) -> str:
    """The common spelling of a server's word; an unknown word is kept as it is, and None becomes `unknown`."""
    text = "" if word is None else str(word).strip(WHITESPACE)
    return _WORDS.get(re.sub(_SEPARATORS, "", text.lower().rpartition(".")[2]), text)


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
    word = pl.col("finish_reason")
    lower = word.str.strip_chars(WHITESPACE).str.to_lowercase().str.replace(r"(?s)^.*\.", "")
    lower = lower.str.replace_all(_SEPARATORS, "")
    return rows.with_columns(
        lower.replace_strict(_WORDS, default=word, return_dtype=pl.String()).alias("finish_reason")
    )
