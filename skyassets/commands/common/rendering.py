"""How rows and differences are printed in a terminal. A model's text is shown literally, never rendered."""

from collections.abc import Sequence

from rich.text import Text

from skyassets.stages.inspection.row_lookup import RowSummary
from skyassets.stages.markup.word_diff import MARKS, Edit, Piece

SHORT = 12
"""Characters of an id that are shown; enough to identify the row."""
STYLES = {Edit.SAME: "", Edit.REMOVED: "red", Edit.ADDED: "green"}


def line(row: RowSummary) -> Text:
    """A row as one line: table, short id, facts, and the first words of its text."""
    said = Text.assemble((row.table, "cyan"), " ", (row.id[:SHORT], "yellow"), "  ", printable(row.description))
    if row.text:
        said.append(f"  {printable(row.text)}", "dim")
    said.no_wrap, said.overflow = True, "ellipsis"
    return said


def differing(pieces: Sequence[Piece]) -> Text:
    """The difference of two texts: removed text in red within [- -], added text in green within {+ +}."""
    shown = Text()
    for piece in pieces:
        before, after = MARKS[piece.kind]
        shown.append(f"{before}{printable(piece.text)}{after}", STYLES[piece.kind])
    return shown


def printable(text: str) -> str:
    """`text` without terminal control characters."""
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
