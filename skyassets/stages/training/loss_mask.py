"""An example with its loss mask, as plain text and as Markdown, with marks around the learned tokens.

A model's text is shown verbatim, never rendered, and the middle of a long text is left out.
"""

from collections.abc import Sequence
from dataclasses import replace

from skyassets.core.ports import TokenPiece
from skyassets.stages.markup.markdown import block, plain

OPENS, CLOSES = "⟦", "⟧"
"""Marks around learned text."""
LEGEND = f"The text between {OPENS} and {CLOSES} is learned, including the end of the turn; the rest is context."


def counts(pieces: Sequence[TokenPiece]) -> tuple[int, int]:
    """The number of tokens of the example, and of learned tokens."""
    return sum(piece.tokens for piece in pieces), sum(piece.tokens for piece in pieces if piece.learned)


def summary(pieces: Sequence[TokenPiece]) -> str:
    """The numbers of all and of learned tokens, and where the turns end, in one line."""
    total, learned = counts(pieces)
    ends, at = [], 0
    for piece in pieces:
        at += piece.tokens
        if piece.end:
            ends.append(f"{piece.end} is token {at:,}")
    share = f"{learned / total:.1%}" if total else "none"
    return "; ".join([f"{total:,} tokens, {learned:,} of them learned ({share})", *ends])


def as_text(pieces: Sequence[TokenPiece]) -> str:
    """The example with marks around learned text, without terminal control characters."""
    return "".join(f"{OPENS}{piece.text}{CLOSES}" if piece.learned else piece.text for piece in map(_printable, pieces))


def as_markdown(pieces: Sequence[TokenPiece], limit: int) -> str:
    """The counts and the example in a code block; the middle of each piece is cut to keep to `limit` characters."""
    most = max(limit // max(len(pieces), 1), 1)
    text = as_text([replace(piece, text=shortened(piece.text, most)) for piece in pieces])
    return "\n".join([plain(summary(pieces)), "", *block(text, "text"), "", LEGEND])


def shortened(text: str, limit: int) -> str:
    """`text`, or its beginning, the number of omitted characters and its end if it is longer than `limit`."""
    if len(text) <= limit:
        return text
    head, tail = limit - limit // 2, limit // 2
    return f"{text[:head]} … {len(text) - limit:,} characters … {text[len(text) - tail :]}"


def _printable(piece: TokenPiece) -> TokenPiece:
    printable = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in piece.text)
    return replace(piece, text=printable)
