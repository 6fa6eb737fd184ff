"""How an example's tokens are shown to people."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TokenPiece:
    """A stretch of an example whose tokens are all learned, or all not."""

    text: str
    """What the tokens decode to, special ones included."""
    learned: bool
    tokens: int
    end: str = ""
    """The end-of-turn marker that the text ends with; empty for what is not learned."""
