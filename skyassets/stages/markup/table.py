"""A table for readers, before it is HTML or Markdown: a caption, a head and cells of plain text."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from skyassets.stages.markup.markdown import plain, table, visible


class Kind(StrEnum):
    """What a column holds, which is how it is set."""

    TEXT = "text"
    NUMBER = "number"
    QUOTED = "quoted"
    """A figure of somebody else's."""
    WORD = "word"
    """Better, worse, noise."""


@dataclass(frozen=True)
class Cell:
    """A figure and, smaller, what goes with it."""

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
        """Whether there is anything in it."""
        return bool(self.rows)


def grid(
    caption: str, head: Sequence[tuple[str, Kind]], rows: Sequence[Sequence[Cell | str]], notes: Sequence[str] = ()
) -> ReportTable:
    """A grid of cells, or of texts that become such."""
    cells = tuple(tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in row) for row in rows)
    return ReportTable(caption, tuple(head), cells, tuple(notes))


def as_markdown(shown: ReportTable) -> list[str]:
    """The lines of a grid as a Markdown table, its caption above and its notes below."""
    rows = [[_joined(cell) for cell in row] for row in shown.rows]
    notes = [line for note in shown.notes for line in ("", plain(visible(note)))]
    head = [f"{name} (quoted)" if kind == Kind.QUOTED else name for name, kind in shown.head]
    return [f"**{plain(visible(shown.caption))}**", "", *table([plain(visible(name)) for name in head], rows), *notes]


def _joined(cell: Cell) -> str:
    said = f"{cell.main} ({'; '.join(cell.smalls)})" if cell.smalls else cell.main
    # A cell begins no line, so a figure's point in it begins no list.
    return plain(f"|{visible(said)}")[1:]
