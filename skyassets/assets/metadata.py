"""What an asset shows in the UI: rows, reuse, schema with meanings, a preview, time, and one picture."""

import base64
from collections.abc import Mapping

import dagster as dg
import polars as pl

from skyassets.core.columns import COLUMNS
from skyassets.core.table_store import Built
from skyassets.core.tables import Table
from skyassets.stages.bill import SPENT

PREVIEW_ROWS = 5
LONGEST_CELL = 60
CALLS_PICTURE = "calls picture"
"""Latency and length of the calls, beside the table's own picture."""
PICTURES = ("picture", CALLS_PICTURE)
MASK = "an example with its loss mask"
WRITTEN = ("preview", MASK)
"""What is Markdown already."""


def column_schema(table: Table) -> dg.TableSchema:
    """The table's columns with their types and meanings."""
    return dg.TableSchema(
        [
            dg.TableColumn(
                name,
                type=str(COLUMNS[name].type),
                description=COLUMNS[name].meaning,
                constraints=dg.TableColumnConstraints(nullable=name != table.key, unique=name == table.key),
            )
            for name in table.columns
        ]
    )


def preview(frame: pl.DataFrame) -> str:
    """The first rows as a Markdown table, long cells shortened."""
    rows = [[_cell(value) for value in row] for row in frame.head(PREVIEW_ROWS).iter_rows()]
    lines = [frame.columns, ["---"] * frame.width, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def metadata(table: Table, built: Built, path: str, seconds: float) -> dict[str, dg.MetadataValue]:
    """All there is to show of a table that is there now."""
    facts = dict(built.manifest.facts)
    if not built.rebuilt:
        facts |= {name: 0 for name in facts if name.endswith("rows asked")}
        facts |= {name: 0.0 for name in facts if name.endswith(SPENT)}
    shown: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(built.manifest.rows),
        "rows": dg.MetadataValue.int(built.manifest.rows),
        "rebuilt": dg.MetadataValue.bool(built.rebuilt),
        "why": dg.MetadataValue.text(built.why or "nothing it was made from has changed"),
        "seconds": dg.MetadataValue.float(round(seconds, 2)),
        "path": dg.MetadataValue.path(path),
        "dagster/column_schema": dg.MetadataValue.table_schema(column_schema(table)),
    }
    if built.manifest.unfinished:
        shown["rows to be tried again"] = dg.MetadataValue.int(built.manifest.unfinished)
    for name in PICTURES:
        if isinstance(svg := facts.pop(name, None), str):
            shown[name] = dg.MetadataValue.md(image(svg))
    for name in WRITTEN:
        if isinstance(text := facts.pop(name, None), str):
            shown[name] = dg.MetadataValue.md(text)
    return shown | {name: _value(value) for name, value in facts.items()}


def image(svg: str) -> str:
    """An SVG as a Markdown image that the UI draws without asking anybody."""
    return f"![picture](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def _value(value: object) -> dg.MetadataValue:
    if isinstance(value, bool):
        return dg.MetadataValue.bool(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    if isinstance(value, float):
        return dg.MetadataValue.float(value)
    if isinstance(value, Mapping) and value and all(isinstance(item, Mapping) for item in value.values()):
        columns = list(dict.fromkeys(name for item in value.values() for name in item))
        rows = [[name, *(item.get(column) for column in columns)] for name, item in value.items()]
        head = ["what", *columns]
        cells = [head, ["---"] * len(head), *rows]
        return dg.MetadataValue.md("\n".join(f"| {' | '.join(map(_cell, line))} |" for line in cells))
    if isinstance(value, Mapping):
        lines = [f"| {_cell(name)} | {_cell(item)} |" for name, item in value.items()]
        heading = "dollars" if any(isinstance(item, float) for item in value.values()) else "rows"
        return dg.MetadataValue.md("\n".join([f"| what | {heading} |", "| --- | --- |", *lines]))
    return dg.MetadataValue.text(str(value))


def _cell(value: object) -> str:
    text = "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
    text = " ".join(text.split())
    short = text if len(text) <= LONGEST_CELL else f"{text[: LONGEST_CELL - 1]}…"
    # A model's text is shown, never rendered.
    return short.replace("|", "\\|").replace("<", "&lt;").replace("`", "'").replace("![", "! [")
