"""Words for comparing texts: case folded, without punctuation or spacing, and with their positions."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from skyassets.core.text import well_formed


class Split(StrEnum):
    """How a text is split into words."""

    ALPHANUMERIC = "alphanumeric"
    """Runs of letters and digits: differently formatted LaTeX gives the same words."""
    SPACED = "spaced"
    """Split at whitespace, with punctuation, as most published decontamination scripts do."""


_WORD = {Split.ALPHANUMERIC: re.compile(r"[^\W_]+"), Split.SPACED: re.compile(r"\S+")}
_LETTERS_AND_DIGITS = b"".join(bytes([code]).lower() if bytes([code]).isalnum() else b" " for code in range(256))
_LOWER = b"".join(b" " if chr(code).isspace() else bytes([code]).lower() for code in range(256))
_ASCII = {Split.ALPHANUMERIC: _LETTERS_AND_DIGITS, Split.SPACED: _LOWER}
"""The translation of each byte of an ASCII text: separators become spaces."""


def words(text: str, split: Split = Split.ALPHANUMERIC) -> list[str]:
    """The words of `text`, in order."""
    return spaced(text, split).split() if text.isascii() else _WORD[split].findall(text.casefold())


def spaced(text: str, split: Split = Split.ALPHANUMERIC) -> str:
    """The words of `text`, in order, joined by spaces."""
    if text.isascii():
        return text.encode("ascii").translate(_ASCII[split]).decode("ascii")
    return well_formed(" ".join(_WORD[split].findall(text.casefold())))


def span(text: str, first: int, last: int, split: Split = Split.ALPHANUMERIC) -> tuple[int, int]:
    """The start and end in `text` of the words from `first` to `last`, as counted by `words`."""
    if text.isascii():
        apart = spaced(text, split)
        until = apart.split(None, last)[last]
        return len(text) - len(apart.split(None, first)[first]), len(text) - len(until) + len(until.split(None, 1)[0])
    spans = [match.span() for match in _WORD[split].finditer(text.casefold())]
    # Case folding can lengthen a character ("ß" becomes "ss"), so map each folded character to its original.
    origin = [at for at, character in enumerate(text) for _ in character.casefold()]
    return origin[spans[first][0]], origin[spans[last][1] - 1] + 1


def grams(of: Sequence[str], length: int) -> set[tuple[str, ...]]:
    """The distinct n-grams of `length` words."""
    if length == 0:
        return set()
    return {tuple(of[start : start + length]) for start in range(len(of) - length + 1)}


def portions(texts: Sequence[str], characters: int) -> Iterator[slice]:
    """Slices of `texts` of about `characters` characters each, to limit memory use."""
    start, length = 0, 0
    for at, text in enumerate(texts):
        length += len(text)
        if length >= characters:
            yield slice(start, at + 1)
            start, length = at + 1, 0
    if start < len(texts):
        yield slice(start, len(texts))


_QUANTITY = re.compile(
    r"""
    [a-z]{2,}(?![^\W\d_])\s*                   # a plain word: first, since most are
    | (
      [A-Z]+(?![^\W\d_]) | [b-z](?![^\W\d_])  # a variable, a point, a word to spell; "a" is an article
    | \d+(?:,\d{3}(?!\d))*(?:\.\d+)?          # a number; 1,000 is one
    | (?<![^\W\d_])-+ | -+(?![^\W\d_])      # a minus; a hyphen between two letters is none
    | [+*/^=<>|!%±∓×÷·√≠≤≥−]                # the other signs, and their names in LaTeX
    | \\(?:leq?|geq?|lt|gt|neq?|pm|mp|sin|cos|tan|cot|sec|csc|log|ln|max|min|cup|cap)(?![a-zA-Z])
    )
    | [^\W\d_]+                              # another word
    """,
    re.VERBOSE,
)
_ALIASES = {
    "\\le": "≤", "\\leq": "≤", "\\ge": "≥", "\\geq": "≥", "\\lt": "<", "\\gt": ">",
    "\\ne": "≠", "\\neq": "≠", "\\pm": "±", "\\mp": "∓", "−": "-",
}  # fmt: skip


def quantities(text: str) -> tuple[str, ...]:
    """The numbers, signs and symbols of `text`, in order and normalized: 1,000 is 1000, and `\\leq` is `≤`."""
    return tuple(_ALIASES.get(part) or part.replace(",", "") for part in _QUANTITY.findall(text) if part)
