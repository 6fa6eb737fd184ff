"""A format-neutral report table, to be rendered as HTML or Markdown: a caption, a head and cells of plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from skyassets.stages.markup.markdown import plain, table, visible


class Kind(StrEnum):
    """The content type of a column, which decides its formatting."""

    TEXT = "text"
    NUMBER = "number"
    QUOTED = "quoted"
    """A figure quoted from elsewhere."""
    WORD = "word"
    """Better, worse, noise."""


@dataclass(frozen=True)
class Cell:
    """A figure, with details in smaller type."""

    main: str
    smalls: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportTable:
    """A table; the first cell of a row names it."""

    caption: str
    head: tuple[tuple[str, Kind], ...]
    rows: tuple[tuple[Cell, ...], ...]
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether the table has rows."""
        return bool(self.rows)


def grid(
    caption: str, head: Sequence[tuple[str, Kind]], rows: Sequence[Sequence[Cell | str]], notes: Sequence[str] = ()
) -> ReportTable:
    """Build a table; strings become cells."""
    cells = tuple(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows)
    return ReportTable(caption, tuple(head), cells, tuple(notes))


def as_markdown(shown: ReportTable) -> list[str]:
    """The lines of a Markdown table, with its caption above and its notes below."""
    rows = [[_joined(cell) for cell in row] for row in shown.rows]
    notes = [line for note in shown.notes for line in ("", plain(visible(note)))]
    head = [f"{name} (quoted)" if kind == Kind.QUOTED else name for name, kind in shown.head]
    return [f"**{plain(visible(shown.caption))}**", "", *table([plain(visible(name)) for name in head], rows), *notes]


def _joined(cell: Cell) -> str:
    said = f"{cell.main} ({'; '.join(cell.smalls)})" if cell.smalls else cell.main
    # The "|" keeps `plain` from escaping a list marker: a cell does not begin a line.
    return plain(f"|{visible(said)}")[1:]
