"""Words as texts are compared by: case folded, without punctuation or spacing, and where each stands."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True)
class PlacedWords:
    """The words of a text, as `words` tells them, and where each stands."""

    text: str
    words: list[str]
    matches: list[re.Match[str]]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """The characters of the text from the word `first` to the word `last`."""
        start, end = self.matches[first].start(), self.matches[last].end()
        if self.text.isascii():
            return start, end
        # Folding can lengthen a character ("ß" becomes "ss"): each folded character knows the one it came from.
        origin = [at for at, character in enumerate(self.text) for _ in character.casefold()]
        return origin[start], origin[end - 1] + 1


def placed_words(text: str, split: Split = Split.ALPHANUMERIC) -> PlacedWords:
    """The words of `text`, in order, with their places."""
    matches = list(_WORD[split].finditer(text.casefold()))
    return PlacedWords(text, [match[0] for match in matches], matches)


def grams(of: Sequence[str], length: int) -> set[tuple[str, ...]]:
    """The distinct runs of `length` words."""
    if length == 0:
        return set()
    return {tuple(of[start : start + length]) for start in range(len(of) - length + 1)}


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
