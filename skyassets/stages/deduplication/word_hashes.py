"""Words as 64-bit hashes, for many texts at once. Collisions are unlikely even among billions of words.

The hashes are valid within one process and never stored: the results depend only on the words.
"""

from collections.abc import Iterator, Sequence
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from skyassets.stages.deduplication.words import Split, spaced

Hashes = NDArray[np.uint64]
Positions = NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.uint64)

MIX = 0x9E3779B97F4A7C15


def hashed_words(texts: Sequence[str], split: Split = Split.ALPHANUMERIC) -> tuple[Hashes, Positions]:
    """The hashed words of all texts, concatenated, and how many words each text has."""
    if not texts:
        return np.zeros(0, np.uint64), np.zeros(0, np.int64)
    lists = pl.Series([spaced(text, split) for text in texts], dtype=pl.String).str.split(" ")
    pieces = lists.explode(empty_as_null=False)
    is_word = (pieces.str.len_bytes() > 0).to_numpy()
    lengths = lists.list.len().to_numpy().astype(np.int64)
    starts = np.cumsum(lengths) - lengths
    return pieces.hash().to_numpy()[is_word], np.add.reduceat(is_word.astype(np.int64), starts)


def rolling(of: Hashes, length: int) -> Iterator[Hashes]:
    """For each length up to `length`: a hash of the n-gram of that length that starts at each word.

    N-grams cross text boundaries; the caller has to filter them. Each array is valid until the next one is yielded.
    """
    runs = of.copy()
    for step in range(length):
        if step:
            runs = runs[:-1]
            runs *= np.uint64(MIX)
            runs += of[step:]
        yield runs


def owners(lengths: Positions) -> Positions:
    """For each element of texts with these numbers of elements, the position of its text."""
    return np.repeat(np.arange(len(lengths)), lengths)


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """The distinct values, sorted. Several times faster than `np.unique`, which hashes."""
    values = np.sort(values)
    is_new = np.ones(len(values), np.bool_)
    is_new[1:] = values[1:] != values[:-1]
    return values[is_new]
