"""Dates of rows: whether one lies in a source's window. Only dates as ISO 8601 writes them are read."""

from datetime import date, datetime

from skyassets.core.sources import Window


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
