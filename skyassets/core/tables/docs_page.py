"""Generates `docs/tables.md`:  python -m skyassets.core.tables.docs_page > docs/tables.md"""

import sys

from skyassets.core.tables.columns import COLUMNS, Column
from skyassets.core.tables.declarations import TABLES, Table


def page() -> str:
    """Every table with its columns, as Markdown."""
    head = [
        "# Tables",
        "",
        "Generated from `skyassets/core/tables/declarations.py`; a test compares the two. *Measured* columns describe",
        "a run (clocks, engines) and are not part of a table's data version.",
        "",
    ]
    return "\n".join(head + [line for table in TABLES for line in _table(table)])


def _table(table: Table) -> list[str]:
    head = [f"## {table.name}", "", table.meaning, "", "| column | type | meaning |", "| --- | --- | --- |"]
    return [*head, *(_row(name, COLUMNS[name], is_key=name == table.key) for name in table.columns), ""]


def _row(name: str, column: Column, is_key: bool) -> str:
    measured = " *Measured.*" if column.measured else ""
    return f"| `{name}`{' (key)' if is_key else ''} | {column.type} | {column.meaning}{measured} |"


if __name__ == "__main__":
    sys.stdout.write(page())
