"""Selects the wanted rows of a source: by column values, by date, by count."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime

from skyassets.core.conditions import Condition
from skyassets.core.errors import SourceError
from skyassets.core.sources import Reader, Source, Unreadable, Window
from skyassets.stages.problems.row_types import SourceRow

LOOKED_AT = 1_000
"""If a column is missing from this many rows, the source is assumed to name it wrongly."""


def is_within(window: Window, value: object) -> bool:
    """Whether `value` (a date, or ISO text with or without a time) is a day in `window`, in its own time zone.

    Raises:
        ValueError: when the value, or an end of the window, is not a date.
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


def wanted_rows(
    source: Source, reader: Reader, outside: Counter[str]
) -> Iterator[tuple[int, SourceRow | Unreadable, str | None]]:
    """The wanted rows: position in the source, row, and why its date cannot be read, if it has to be.

    Unreadable rows are included, but not counted against a limit. Rows outside the source's date window are counted in
    `outside`.

    Raises:
        SourceError: when no row has a column that the source names.
    """
    missing, seen = source.columns, dict[str, None]()
    chosen = position = 0
    for position, row in enumerate(reader.rows(source)):
        if isinstance(row, Unreadable):
            yield position, row, None
            continue
        if missing:
            seen.update(dict.fromkeys(row))
            missing = {field: column for field, column in missing.items() if column not in row}
            if position + 1 >= LOOKED_AT:
                _all_there(source, missing, seen)
        if not all(_holds(condition, row.get(column)) for column, condition in source.where):
            continue
        fault = None
        try:
            if source.window and not is_within(source.window, row.get(source.window.column)):
                outside[f"{source.name}: {source.window}"] += 1
                continue
        except ValueError as error:
            fault = str(error)
        yield position, row, fault
        chosen += 1
        if chosen == source.first:
            break
    _all_there(source, missing if seen else {}, seen)


def _holds(condition: str | Condition, value: object) -> bool:
    return str(value) == condition if isinstance(condition, str) else condition.holds(value)


def _all_there(source: Source, missing: Mapping[str, str], seen: Iterable[str]) -> None:
    for field, column in missing.items():
        raise SourceError(
            f"{source.name}: no column {column!r} in {source.location}, only {list(seen)}; name the right one in "
            f"Source({field if '=' in field else f'{field}=...'})"
        )
