"""Words as texts are compared by: case folded, without punctuation or spacing, and where each stands."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

import polars as pl

from skyassets.core.text import well_formed


class Split(StrEnum):
    """How a text falls into words."""

    ALPHANUMERIC = "alphanumeric"
    """Runs of letters and digits: LaTeX written another way stays the same words."""
    SPACED = "spaced"
    """What lies between spaces, punctuation included, as most published decontamination scripts do it."""


_WORD = {Split.ALPHANUMERIC: re.compile(r"[^\W_]+"), Split.SPACED: re.compile(r"\S+")}
_ASCII_WORD = {
    Split.ALPHANUMERIC: r"[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+",
    Split.SPACED: r"[^\x09-\x0d\x1c-\x20]+",
}
"""The same in ASCII. Whatever lies outside ASCII is taken as part of a word: see `_foldable`."""


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


def word_lists(texts: Sequence[str], split: Split = Split.ALPHANUMERIC) -> pl.Series:
    """`words` of many texts at once: a list of strings for each."""
    return pl.Series([_foldable(text, split) for text in texts], dtype=pl.String).str.extract_all(_ASCII_WORD[split])


def portions(texts: Sequence[str], characters: int) -> Iterator[slice]:
    """Slices of `texts` of about so many characters each, so that what is made of them stays small."""
    start, held = 0, 0
    for at, text in enumerate(texts):
        held += len(text)
        if held >= characters:
            yield slice(start, at + 1)
            start, held = at + 1, 0
    if start < len(texts):
        yield slice(start, len(texts))


def _foldable(text: str, split: Split) -> str:
    # Polars and Python differ in what they take for a letter outside ASCII: there Python's word is final.
    return text.lower() if text.isascii() else well_formed(" ".join(words(text, split)))
