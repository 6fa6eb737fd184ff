"""Which rows of a source are wanted: by the values of some columns, by their day, by their number."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from skyassets.core.errors import SourceError
from skyassets.core.sources import Reader, Source, Unreadable, Window


def is_within(window: Window, value: object) -> bool:
    """Whether `value` (a date, or an ISO text with or without a time) is a day of `window`, by its own clock.

    Raises:
        ValueError: when it is no date; and for a window whose ends are none.
    """
    day = _day(value)
    since = date.fromisoformat(window.since) if window.since else date.min
    until = date.fromisoformat(window.until) if window.until else date.max
    return since <= day <= until


def _day(value: object) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value).strip()).date()
    except ValueError as error:
        raise ValueError(f"its date cannot be read: {str(value)[:40]!r}") from error


Row = dict[str, object]

LOOKED_AT = 1_000
"""Rows after which a column that none of them has is taken for a mistake in the source."""


def wanted(source: Source, reader: Reader, outside: Counter[str]) -> Iterator[tuple[int, Row | Unreadable]]:
    """The wanted rows with their place in the source. What could not be read is wanted too, and not counted off.

    Rows of other days than the source's window are counted in `outside`; one whose day cannot be read is wanted.

    Raises:
        SourceError: when no row has a column that the source names.
    """
    missing, seen = source.columns, dict[str, None]()
    chosen = position = 0
    for position, row in enumerate(reader.rows(source)):
        if isinstance(row, Unreadable):
            yield position, row
            continue
        if missing:
            seen.update(dict.fromkeys(row))
            missing = {field: column for field, column in missing.items() if column not in row}
            if position + 1 >= LOOKED_AT:
                _all_there(source, missing, seen)
        if any(str(row.get(column)) != value for column, value in source.where):
            continue
        if _is_outside(source, row):
            outside[f"{source.name}: {source.window}"] += 1
            continue
        yield position, row
        chosen += 1
        if chosen == source.first:
            break
    _all_there(source, missing if seen else {}, seen)


def _is_outside(source: Source, row: Row) -> bool:
    if source.window is None:
        return False
    try:
        return not is_within(source.window, row.get(source.window.column))
    except ValueError:
        return False


def _all_there(source: Source, missing: Mapping[str, str], seen: Iterable[str]) -> None:
    for field, column in missing.items():
        raise SourceError(
            f"{source.name}: no column {column!r} in {source.place}, only {list(seen)}; name the right one in "
            f"Source({field if '=' in field else f'{field}=...'})"
        )
