"""A format-neutral report table, to be rendered as HTML or Markdown: a caption, a head and cells of plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from skyassets.stages.markup.markdown import plain, table, visible


class ColumnType(StrEnum):
    """The content type of a column, which decides its formatting."""

    TEXT = "text"
    NUMBER = "number"
    QUOTED = "quoted"
    """A figure quoted from elsewhere."""
    WORD = "word"
    """Better, worse, noise."""


Heading = tuple[str, ColumnType]
"""A column's name and type."""


@dataclass(frozen=True)
class Cell:
    """A figure, with details in smaller type."""

    main: str
    smalls: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportTable:
    """A table; the first cell of a row names it."""

    caption: str
    head: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether the table has rows."""
        return bool(self.rows)


def report_table(
    caption: str, head: Sequence[Heading], rows: Sequence[Sequence[Cell | str]], notes: Sequence[str] = ()
) -> ReportTable:
    """Build a table; strings become cells."""
    cells = tuple(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows)
    return ReportTable(caption, tuple(head), cells, tuple(notes))


def as_markdown(report: ReportTable) -> list[str]:
    """The lines of a Markdown table, with its caption above and its notes below."""
    rows = [[_joined(cell) for cell in row] for row in report.rows]
    notes = [line for note in report.notes for line in ("", plain(visible(note)))]
    head = [f"{name} (quoted)" if column_type == ColumnType.QUOTED else name for name, column_type in report.head]
    return [f"**{plain(visible(report.caption))}**", "", *table([plain(visible(name)) for name in head], rows), *notes]


def _joined(cell: Cell) -> str:
    text = f"{cell.main} ({'; '.join(cell.smalls)})" if cell.smalls else cell.main
    # The "|" keeps `plain` from escaping a list marker: a cell does not begin a line.
    return plain(f"|{visible(text)}")[1:]
