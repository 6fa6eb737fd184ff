"""A word-by-word diff of two texts, with a few words of context around each change."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 6
"""Unchanged words shown on either side of a change."""
MANY_WORDS = 3000
"""Longer texts are compared line by line, because the time to compare words is quadratic."""
LONGEST_CHANGE = 60
"""The longest change, in words, that an excerpt shows whole."""
ELLIPSIS = " … "

_WORDS = re.compile(r"\A\s+|\S+\s*")
_LINES = re.compile(r"[^\n]*\n|[^\n]+\Z")


class Edit(StrEnum):
    """Whether a piece is unchanged, removed or added."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


MARKS = {Edit.SAME: ("", ""), Edit.REMOVED: ("[-", "-]"), Edit.ADDED: ("{+", "+}")}


@dataclass(frozen=True)
class Piece:
    """A piece of text."""

    kind: Edit
    text: str


def changes(before: str, after: str) -> list[Piece]:
    """The diff as pieces: all but the removed ones make `after`, all but the added ones make `before`."""
    if before == after:
        return [Piece(Edit.SAME, before)] if before else []
    one, other = _WORDS.findall(before), _WORDS.findall(after)
    start = _shared(one, other)
    end = _shared(one[start:][::-1], other[start:][::-1])
    middle, other_middle = one[start : len(one) - end], other[start : len(other) - end]
    if max(len(middle), len(other_middle)) > MANY_WORDS:
        middle, other_middle = _LINES.findall("".join(middle)), _LINES.findall("".join(other_middle))
    pieces = [
        Piece(Edit.SAME, "".join(one[:start])),
        *_compared(middle, other_middle),
        Piece(Edit.SAME, "".join(one[len(one) - end :])),
    ]
    return [piece for piece in pieces if piece.text]


def excerpt(pieces: list[Piece], context: int = CONTEXT) -> list[Piece]:
    """`pieces` reduced to changes with `context` words around each; the middle of a very long change is left out."""
    pieces_shown = []
    for position, piece in enumerate(pieces):
        words = _WORDS.findall(piece.text)
        if piece.kind is not Edit.SAME:
            half = LONGEST_CHANGE // 2
            middle = len(words) - 2 * half
            text = f"{''.join(words[:half])}… {middle} words … {''.join(words[-half:])}" if middle > 0 else piece.text
            pieces_shown.append(Piece(piece.kind, text))
            continue
        before = words[:context] if position > 0 else []
        after = words[-context:] if position < len(pieces) - 1 and context else []
        if len(words) > len(before) + len(after):
            pieces_shown.append(Piece(Edit.SAME, f"{''.join(before).rstrip()}{ELLIPSIS}{''.join(after)}"))
        else:
            pieces_shown.append(piece)
    return pieces_shown


def marked(pieces: list[Piece]) -> str:
    """The pieces as plain text, with changes marked as by `git diff --word-diff`."""
    return "".join(f"{MARKS[piece.kind][0]}{piece.text}{MARKS[piece.kind][1]}" for piece in pieces)


def _compared(one: list[str], other: list[str]) -> Iterator[Piece]:
    for _, start, end, other_start, other_end in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        before, after = "".join(one[start:end]), "".join(other[other_start:other_end])
        if before == after:
            yield Piece(Edit.SAME, before)
        else:
            yield Piece(Edit.REMOVED, before)
            yield Piece(Edit.ADDED, after)


def _shared(one: list[str], other: list[str]) -> int:
    """The number of leading words in common."""
    for position, (word, other_word) in enumerate(zip(one, other, strict=False)):
        if word != other_word:
            return position
    return min(len(one), len(other))
