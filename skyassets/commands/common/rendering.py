"""How text, JSON, tables, rows and differences are printed in a terminal. A model's text is never interpreted."""

import json
import sys
from collections.abc import Collection, Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from skyassets.stages.inspection.row_lookup import RowSummary
from skyassets.stages.markup.word_diff import MARKS, Edit, Piece

SHORT = 12
"""Characters of an id that are shown; enough to identify the row."""
STYLES = {Edit.SAME: "", Edit.REMOVED: "red", Edit.ADDED: "green"}


def print_text(console: Console, text: str, style: str = "") -> None:
    """Print `text` literally, without wrapping, so that commands and paths can be copied."""
    console.print(Text(printable(text), style), soft_wrap=True)


def print_json(data: object) -> None:
    """Print `data` as JSON."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def new_table(
    columns: Iterable[str], title: str = "", right: Collection[str] = (), fold: Collection[str] = ()
) -> Table:
    """An empty table. Columns in `right` are right-aligned, columns in `fold` may be wrapped."""
    table = Table(title=Text(printable(title)) if title else None, box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in columns:
        heading = Text(printable(name))
        is_right, no_wrap = name in right, name not in fold
        table.add_column(heading, justify="right" if is_right else "left", overflow="fold", no_wrap=no_wrap)
    return table


def row_line(row: RowSummary) -> Text:
    """A row as one line: table, short id, description, and the first words of its text."""
    line = Text.assemble((row.table, "cyan"), " ", (row.id[:SHORT], "yellow"), "  ", printable(row.description))
    if row.text:
        line.append(f"  {printable(row.text)}", "dim")
    line.no_wrap, line.overflow = True, "ellipsis"
    return line


def differing(pieces: Sequence[Piece]) -> Text:
    """The difference of two texts: removed text in red within [- -], added text in green within {+ +}."""
    text = Text()
    for piece in pieces:
        before, after = MARKS[piece.kind]
        text.append(f"{before}{printable(piece.text)}{after}", STYLES[piece.kind])
    return text


def printable(text: str) -> str:
    """`text` without terminal control characters."""
    return "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in text)
