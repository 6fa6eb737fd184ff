"""Words as texts are compared by: case folded, without punctuation or spacing, and where each stands."""

import re
from collections.abc import Sequence
from enum import StrEnum


class Split(StrEnum):
    """How a text falls into words."""

    ALPHANUMERIC = "alphanumeric"
    """Runs of letters and digits: LaTeX written another way stays the same words."""
    SPACED = "spaced"
    """What lies between spaces, punctuation included, as most published decontamination scripts do it."""


_WORD = {Split.ALPHANUMERIC: re.compile(r"[^\W_]+"), Split.SPACED: re.compile(r"\S+")}


def words(text: str, split: Split = Split.ALPHANUMERIC) -> list[str]:
    """The words of `text`, in order."""
    return _WORD[split].findall(text.casefold())


def spans(text: str, split: Split = Split.ALPHANUMERIC) -> list[tuple[int, int]]:
    """Where each of `words(text, split)` starts and ends in `text`."""
    folded = text.casefold()
    found = [match.span() for match in _WORD[split].finditer(folded)]
    if text.isascii():
        return found
    # Folding can lengthen a character ("ß" becomes "ss"): each folded character knows the one it came from.
    origin = [at for at, character in enumerate(text) for _ in character.casefold()]
    return [(origin[start], origin[end - 1] + 1) for start, end in found]


def grams(of: Sequence[str], length: int) -> set[tuple[str, ...]]:
    """The distinct runs of `length` words."""
    if length == 0:
        return set()
    return {tuple(of[start : start + length]) for start in range(len(of) - length + 1)}
