"""Compare two versions of a table: rows added, removed and changed, flipped verdicts, and shifts in length."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from skyassets.core.errors import TableError
from skyassets.core.tables.columns import COLUMNS
from skyassets.core.tables.declarations import (
    ANSWERS,
    EXAMPLES,
    REPORTS,
    REWRITES,
    TABLES,
    TRACES,
    VERDICTS,
)

NATURAL = {
    TRACES.name: ("problem_id", "sample"),
    REWRITES.name: ("trace_id",),
    VERDICTS.name: ("subject", "trace_id"),
    EXAMPLES.name: ("trace_id",),
    ANSWERS.name: ("benchmark", "problem_id", "role", "sample"),
    REPORTS.name: ("benchmark", "by", "part", "role", "metric"),
}
"""Natural keys of tables whose id changes with the row's content."""
FLIPPING = {
    "verdict": "none", "trace_verdict": "none", "rewrite_verdict": "none", "strict": "none", "lenient": "none",
    "finish_reason": "none", "dropped_by": "kept", "set_aside": "used",
}  # fmt: skip
"""Columns with few values, whose changes are counted by value; each with the name shown for null."""
TEXTS = ("question", "text", "thought", "solution", "rewritten")
"""Columns whose length in characters is compared."""
QUANTILES = (0.1, 0.5, 0.9, 1.0)
EXAMPLES_SHOWN = 3

_LEFT, _RIGHT = "before", "after"


@dataclass(frozen=True)
class Flip:
    """Rows whose value in `column` went from `old` to `new`."""

    column: str
    old: str
    new: str
    count: int
    rows: tuple[str, ...]
    """The keys of the first such rows."""


@dataclass(frozen=True)
class Shift:
    """The mean and the quantiles of a length, before and after; None for a table without values."""

    what: str
    before: tuple[float, ...] | None
    after: tuple[float, ...] | None


@dataclass(frozen=True)
class TableDiff:
    """All differences between two versions of a table."""

    key: tuple[str, ...]
    before: int
    after: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[str, ...]
    columns: dict[str, int]
    """Column to the number of common rows that differ in it."""
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    flips: tuple[Flip, ...]
    shifts: tuple[Shift, ...]

    @property
    def is_same(self) -> bool:
        """Whether both versions are equal, apart from measured columns."""
        return not (self.added or self.removed or self.changed or self.only_before or self.only_after)


def table_diff(before: pl.DataFrame, after: pl.DataFrame, key: Sequence[str] = ()) -> TableDiff:
    """Compare two versions of a table, matching rows by `key`, or by the table's own key if it is empty.

    Measured columns are not compared.

    Raises:
        TableError: If `key` is not a key of both versions.
    """
    names = tuple(key) or _known_key(before, after)
    left, right = (_keyed(frame, names, side) for frame, side in ((before, _LEFT), (after, _RIGHT)))
    both = left.join(right, on=names, how="inner", nulls_equal=True, suffix="\0", maintain_order="left")
    shared = [name for name in before.columns if name in after.columns and name not in names and _compared(name)]
    differs = {name: _differs(both[name], both[f"{name}\0"]) for name in shared}
    changed = pl.Series([False] * both.height, dtype=pl.Boolean())
    for each in differs.values():
        changed |= each
    return TableDiff(
        key=names,
        before=before.height,
        after=after.height,
        added=_names(right.join(left, on=names, how="anti", nulls_equal=True), names),
        removed=_names(left.join(right, on=names, how="anti", nulls_equal=True), names),
        changed=_names(both.filter(changed), names),
        columns={name: int(each.sum()) for name, each in differs.items() if each.any()},
        only_before=tuple(name for name in before.columns if name not in after.columns),
        only_after=tuple(name for name in after.columns if name not in before.columns),
        flips=tuple(flip for name in FLIPPING if name in differs for flip in _flips(both, name, names)),
        shifts=tuple(_shifts(before, after)),
    )


def _known_key(before: pl.DataFrame, after: pl.DataFrame) -> tuple[str, ...]:
    """The key of the table these rows belong to, recognized by the id in the first column."""
    table = next((table for table in TABLES if [table.key] == before.columns[:1] == after.columns[:1]), None)
    if table is None:
        raise TableError(
            f"diff: tables that begin with {before.columns[:1]} and {after.columns[:1]} have no known key; name one: "
            f"--key COLUMN[,COLUMN], of {[name for name in before.columns if name in after.columns]}"
        )
    natural = NATURAL.get(table.name, ())
    return natural if natural and all(_is_key(frame, natural) for frame in (before, after)) else (table.key,)


def _is_key(frame: pl.DataFrame, names: Sequence[str]) -> bool:
    return set(names) <= set(frame.columns) and not frame.select(names).is_duplicated().any()


def _keyed(frame: pl.DataFrame, names: tuple[str, ...], side: str) -> pl.DataFrame:
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise TableError(f"diff: the table {side} has no column {missing}; it has {frame.columns}")
    repeated = frame.filter(frame.select(names).is_duplicated())
    if repeated.height:
        raise TableError(
            f"diff: {', '.join(names)} is no key of the table {side}: {repeated.height} rows share a key, the first is "
            f"{repeated.select(names).row(0)}; name more columns with --key"
        )
    return frame.with_columns(pl.col(name).cast(pl.String()) for name in names)


def _compared(name: str) -> bool:
    return not (name in COLUMNS and COLUMNS[name].measured)


def _differs(before: pl.Series, after: pl.Series) -> pl.Series:
    if before.dtype != after.dtype or before.dtype.is_nested():
        before, after = (pl.Series([None if value is None else repr(value) for value in each.to_list()],
                                   dtype=pl.String()) for each in (before, after))  # fmt: skip
    return before.ne_missing(after)


def _names(rows: pl.DataFrame, names: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(map(str, row)) for row in rows.select(names).sort(names).iter_rows())


def _flips(both: pl.DataFrame, column: str, names: Sequence[str]) -> list[Flip]:
    empty = FLIPPING[column]
    values = both.select(
        *names, pl.col(column).fill_null(empty).alias("old"), pl.col(f"{column}\0").fill_null(empty).alias("new")
    ).filter(pl.col("old") != pl.col("new"))
    flips = []
    for (old, new), part in values.group_by("old", "new", maintain_order=True):
        flips.append(Flip(column, str(old), str(new), part.height, _names(part, names)[:EXAMPLES_SHOWN]))
    return sorted(flips, key=lambda flip: (-flip.count, flip.old, flip.new))


def _shifts(before: pl.DataFrame, after: pl.DataFrame) -> list[Shift]:
    shifts = []
    for name in before.columns:
        if name not in after.columns:
            continue
        if name.endswith("tokens") and before[name].dtype.is_numeric() and after[name].dtype.is_numeric():
            shifts.append(Shift(name, _spread(before[name]), _spread(after[name])))
        elif name in TEXTS and before[name].dtype == after[name].dtype == pl.String():
            lengths = (_spread(each[name].str.len_chars()) for each in (before, after))
            shifts.append(Shift(f"{name} (characters)", *lengths))
    return [shift for shift in shifts if shift.before != shift.after]


def _spread(values: pl.Series) -> tuple[float, ...] | None:
    values = values.drop_nulls().cast(pl.Float64())
    if values.is_empty():
        return None
    return tuple(round(float(str(value)), 1) for value in (values.mean(), *map(values.quantile, QUANTILES)))
