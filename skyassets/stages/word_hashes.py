"""Words as numbers, for many texts at once: 64 bits each, so that of billions no two are likely to be confused.

The numbers hold within one process and are never stored: what is found by them depends on the words alone.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from skyassets.core.text import well_formed
from skyassets.stages.words import Split, words

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

MIX = 0x9E3779B97F4A7C15
_LETTERS_AND_DIGITS = b"".join(
    bytes([code]).lower() if chr(code).isalnum() and code < 128 else b" " for code in range(256)
)
_LOWER = b"".join(b" " if chr(code).isspace() and code < 128 else bytes([code]).lower() for code in range(256))
_TABLES = {Split.ALPHANUMERIC: _LETTERS_AND_DIGITS, Split.SPACED: _LOWER}
"""What becomes of each byte of an ASCII text; what lies between words becomes a space."""


def hashed_words(texts: Sequence[str], split: Split = Split.ALPHANUMERIC) -> tuple[Hashes, Places]:
    """The words of all the texts one after another, and how many each text has."""
    if not texts:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    table = _TABLES[split]
    spaced = [
        text.encode("ascii").translate(table).decode("ascii")
        if text.isascii()
        # Outside ASCII Polars and Python differ in what they take for a letter or a space: Python's word is final.
        else well_formed(" ".join(words(text, split)))
        for text in texts
    ]
    lists = pl.Series(spaced, dtype=pl.String).str.split(" ")
    pieces = lists.explode(empty_as_null=False)
    there = (pieces.str.len_bytes() > 0).to_numpy()
    starts = np.cumsum(number := lists.list.len().to_numpy().astype(np.int64)) - number
    return pieces.hash().to_numpy()[there], np.add.reduceat(there.astype(np.int64), starts)


def rolling(of: Hashes, length: int) -> Iterator[Hashes]:
    """For each length up to `length`: a hash of the run of so many words that starts at each place.

    Runs do not stop at the end of a text: who uses them has to. Each array is good until the next one is taken.
    """
    runs = of.copy()
    for step in range(length):
        if step:
            runs = runs[:-1]
            runs *= np.uint64(MIX)
            runs += of[step:]
        yield runs
