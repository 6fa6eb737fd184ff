"""Measures of text quality: letters from other scripts, and repeated sequences of words."""

import functools
import re
import string
import unicodedata

_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_NO_ASCII_LETTERS = bytes(set(range(128)) - set(string.ascii_letters.encode()))


def foreign_letters(text: str, scripts: tuple[str, ...]) -> tuple[int, int]:
    """How many letters of `text` are from none of `scripts`, and how many letters it has."""
    letters = len(text.encode("ascii", "ignore").translate(None, _NO_ASCII_LETTERS))
    foreign = 0 if "LATIN" in scripts else letters
    for letter in () if text.isascii() else _NOT_ASCII.findall(text):
        script = _script(letter)
        letters += script is not None
        foreign += script is not None and script not in scripts
    return foreign, letters


def foreign_share(text: str, scripts: tuple[str, ...]) -> float:
    """The share of letters from none of `scripts`; 0 for a text without letters."""
    foreign, letters = foreign_letters(text, scripts)
    return foreign / letters if letters else 0.0


def repeated_share(text: str, words: int) -> float:
    """The share of sequences of `words` words that repeat an earlier one; 0 if the text is shorter than that."""
    split = text.split()
    total = len(split) - words + 1
    if total < 1:
        return 0.0
    return 1 - len(set(zip(*(split[start:] for start in range(words)), strict=False))) / total


@functools.lru_cache(maxsize=65_536)
def _script(letter: str) -> str | None:
    """The first word of a letter's Unicode name, which is its script; None if it is not a letter."""
    # Normalize first: NFKC maps the letters of formulas (double-struck, bold, script) to plain letters.
    plain = unicodedata.normalize("NFKC", letter)[:1]
    return unicodedata.name(plain, "UNNAMED").split()[0] if plain.isalpha() else None
