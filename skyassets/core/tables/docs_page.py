"""Generates `docs/tables.md`:  python -m skyassets.core.tables.docs_page > docs/tables.md"""

import sys

from skyassets.core.tables.columns import COLUMNS
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
    rows = [
        f"| `{name}`{' (key)' if name == table.key else ''} | {COLUMNS[name].type} | {_meaning(name)} |"
        for name in table.columns
    ]
    return [f"## {table.name}", "", table.meaning, "", "| column | type | meaning |", "| --- | --- | --- |", *rows, ""]


def _meaning(name: str) -> str:
    return f"{COLUMNS[name].meaning}{' *Measured.*' if COLUMNS[name].measured else ''}"


if __name__ == "__main__":
    sys.stdout.write(page())
