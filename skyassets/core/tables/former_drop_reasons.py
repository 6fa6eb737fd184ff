"""Drop reasons that earlier versions stored, and the current ones, for every reader of a stored table.

The column `dropped_by` once named what a row should have been (`trace correct`), and now names what is wrong with it.
"""

from collections.abc import Iterable
from typing import TypeVar

import polars as pl

FORMER_DROP_REASONS = {
    "trace finished": "trace unfinished",
    "rewrite made": "rewrite failed",
    "trace correct": "trace wrong or unjudged",
    "rewrite correct": "rewrite wrong or unjudged",
    "well formed": "malformed",
    "licence allowed": "licence not allowed",
    "difficulty within bounds": "difficulty out of range",
    "one language": "mixed languages",
    "no loops": "looping",
    "fits the cutoff": "too long",
    "question new": "question repeated",
    "question unlike others": "question nearly repeated",
    "not in a benchmark": "question in a benchmark",
    "trace new": "rewrite repeated",
    "among the chosen of its problem": "not chosen",
    "within the caps": "over a cap",
    "in the mixture": "not in the mixture",
}

Rows = TypeVar("Rows", pl.DataFrame, pl.LazyFrame)


def translated(rows: Rows, columns: Iterable[str]) -> Rows:
    """`rows`, which have these columns, with current drop reasons in place of former ones."""
    return rows.with_columns(pl.col("dropped_by").replace(FORMER_DROP_REASONS)) if "dropped_by" in columns else rows
