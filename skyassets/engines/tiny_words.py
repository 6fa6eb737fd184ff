"""What the tiny model's trainer sees of an example: words, shown turn by turn."""

from itertools import groupby

from skyassets.core.ports import Conversation
from skyassets.core.token_piece import TokenPiece


def shown_words(conversation: Conversation) -> list[TokenPiece]:
    """The turns as pieces; the tiny model has no template, so nothing stands between them but a line's end."""
    pieces = []
    for learned, turns in groupby(conversation.messages, lambda turn: turn.role == "assistant"):
        said = [turn.content for turn in turns]
        words = sum(len(text.split()) for text in said)
        pieces.append(TokenPiece("\n".join(said) + ("" if learned else "\n"), learned, words))
    return pieces
