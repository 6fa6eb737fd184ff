"""Words as texts are compared by: case folded, without punctuation or spacing, and where each stands."""

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum

from skyassets.core.text import well_formed


class Split(StrEnum):
    """How a text falls into words."""

    ALPHANUMERIC = "alphanumeric"
    """Runs of letters and digits: LaTeX written another way stays the same words."""
    SPACED = "spaced"
    """What lies between spaces, punctuation included, as most published decontamination scripts do it."""


_WORD = {Split.ALPHANUMERIC: re.compile(r"[^\W_]+"), Split.SPACED: re.compile(r"\S+")}
_LETTERS_AND_DIGITS = b"".join(bytes([code]).lower() if bytes([code]).isalnum() else b" " for code in range(256))
_LOWER = b"".join(b" " if chr(code).isspace() else bytes([code]).lower() for code in range(256))
_ASCII = {Split.ALPHANUMERIC: _LETTERS_AND_DIGITS, Split.SPACED: _LOWER}
"""What becomes of each byte of an ASCII text: between words there are spaces alone."""


def words(text: str, split: Split = Split.ALPHANUMERIC) -> list[str]:
    """The words of `text`, in order."""
    return spaced(text, split).split() if text.isascii() else _WORD[split].findall(text.casefold())


def spaced(text: str, split: Split = Split.ALPHANUMERIC) -> str:
    """The words of `text`, in order, with spaces between them."""
    if text.isascii():
        return text.encode("ascii").translate(_ASCII[split]).decode("ascii")
    return well_formed(" ".join(_WORD[split].findall(text.casefold())))


def span(text: str, first: int, last: int, split: Split = Split.ALPHANUMERIC) -> tuple[int, int]:
    """Where in `text` the words from `first` to `last`, as `words` counts them, start and end."""
    if text.isascii():
        apart = spaced(text, split)
        until = apart.split(None, last)[last]
        return len(text) - len(apart.split(None, first)[first]), len(text) - len(until) + len(until.split(None, 1)[0])
    found = [match.span() for match in _WORD[split].finditer(text.casefold())]
    # Folding can lengthen a character ("ß" becomes "ss"): each folded character knows the one it came from.
    origin = [at for at, character in enumerate(text) for _ in character.casefold()]
    return origin[found[first][0]], origin[found[last][1] - 1] + 1


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
    """The numbers, signs and symbols of `text`, in order, each in one spelling: 1,000 is 1000, and `\\leq` is `≤`."""
    return tuple(_ALIASES.get(found) or found.replace(",", "") for found in _QUANTITY.findall(text) if found)
