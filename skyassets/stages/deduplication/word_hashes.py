"""Words as numbers, for many texts at once: 64 bits each, so that of billions no two are likely to be confused.

The numbers hold within one process and are never stored: what is found by them depends on the words alone.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from skyassets.stages.deduplication.words import Split, spaced

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

MIX = 0x9E3779B97F4A7C15


def hashed_words(texts: Sequence[str], split: Split = Split.ALPHANUMERIC) -> tuple[Hashes, Places]:
    """The words of all the texts one after another, and how many each text has."""
    if not texts:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    lists = pl.Series([spaced(text, split) for text in texts], dtype=pl.String).str.split(" ")
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
