"""The metadata of an asset in the UI: rows, reuse, schema, column lineage, a preview, time, and charts."""

import base64
from collections.abc import Mapping, Sequence
from pathlib import Path

import dagster as dg

from skyassets.assets.presentation import CHART, PREVIEW, THUMBNAIL, shortened
from skyassets.core.tables.columns import COLUMNS
from skyassets.core.tables.declarations import Table
from skyassets.core.tables.store import BuildResult
from skyassets.project.project import CALLS_PICTURE
from skyassets.stages.inspection.column_lineage import COLUMN_LINEAGE
from skyassets.stages.sampling.usage import SPENT

MADE_FROM = "made from"
"""The column lineage as a table: Dagster's open-source UI stores `dagster/column_lineage` but does not show it."""
MASK = "an example with its loss mask"
SCORES = "scores"
MARKDOWN = (SCORES, MASK)
"""Metadata that is already Markdown, with all untrusted text escaped."""


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


def column_lineage(table: Table) -> dg.TableColumnLineage:
    """For each of the table's columns, the parents' columns it is made from."""
    return dg.TableColumnLineage(
        {
            name: [dg.TableColumnDep(dg.AssetKey(one.table), one.column) for one in parents]
            for name, parents in COLUMN_LINEAGE[table.name].items()
        }
    )


def definition_metadata(table: Table, path: Path) -> dict[str, dg.MetadataValue | dg.TableSchema]:
    """The metadata of a table at `path` that is known before it is built."""
    return {
        "dagster/column_schema": column_schema(table),
        "dagster/uri": dg.MetadataValue.text(path.absolute().as_uri()),
        MADE_FROM: _table(("column", MADE_FROM), _made_from(table)),
    }


def build_metadata(table: Table, result: BuildResult, path: Path, seconds: float) -> dict[str, dg.MetadataValue]:
    """Dagster metadata of a materialized table."""
    stored = dict(result.manifest.metadata)
    if not result.rebuilt:
        stored |= {name: 0 for name in stored if name.endswith("rows asked")}
        stored |= {name: 0.0 for name in stored if name.endswith(SPENT)}
    metadata: dict[str, dg.MetadataValue] = {
        "dagster/row_count": dg.MetadataValue.int(result.manifest.rows),
        "rows": dg.MetadataValue.int(result.manifest.rows),
        "rebuilt": dg.MetadataValue.bool(result.rebuilt),
        "why": dg.MetadataValue.text(result.why or "no input has changed"),
        "seconds": dg.MetadataValue.float(round(seconds, 2)),
        "data version": dg.MetadataValue.text(result.manifest.data_version),
        "path": dg.MetadataValue.path(str(path)),
        "dagster/column_lineage": dg.MetadataValue.column_lineage(column_lineage(table)),
    }
    if isinstance(thumbnail := stored.pop(THUMBNAIL, None), str):
        metadata[THUMBNAIL] = dg.MetadataValue.md(thumbnail)
    if result.manifest.unfinished:
        metadata["rows to be tried again"] = dg.MetadataValue.int(result.manifest.unfinished)
    for name in (CHART, CALLS_PICTURE):
        if isinstance(svg := stored.pop(name, None), str):
            metadata[name] = dg.MetadataValue.md(image(svg))
    rows = stored.pop(PREVIEW, None)
    for name, value in stored.items():
        metadata[name] = dg.MetadataValue.md(str(value)) if name in MARKDOWN else _value(value)
    if isinstance(rows, list) and rows:
        metadata[PREVIEW] = _table(list(rows[0]), rows)
    return metadata


def image(svg: str) -> str:
    """An SVG as an inline Markdown image, which the UI shows without a network request."""
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
        return _table(["what", *columns], [{"what": name, **item} for name, item in value.items()])
    if isinstance(value, Mapping):
        kinds = {type(item) for item in value.values()}
        heading = "value" if str in kinds else "dollars" if float in kinds else "rows"
        return _table(["what", heading], [{"what": name, heading: item} for name, item in value.items()])
    return dg.MetadataValue.text(str(value))


def _table(columns: Sequence[str], rows: Sequence[Mapping[str, object]]) -> dg.MetadataValue:
    """Rows as a table in the UI, which shows text literally and inline at any size."""
    schema = dg.TableSchema([dg.TableColumn(name) for name in columns])
    records = [{name: _cell(row.get(name)) for name in columns} for row in rows]
    return dg.MetadataValue.table([dg.TableRecord(record) for record in records], schema)


def _made_from(table: Table) -> list[dict[str, str]]:
    """One line per column with parents: which columns of which tables."""
    lines: list[dict[str, str]] = []
    for name, parents in COLUMN_LINEAGE[table.name].items():
        by_table: dict[str, list[str]] = {}
        for one in parents:
            by_table.setdefault(one.table, []).append(one.column)
        origin = "; ".join(f"{parent}: {', '.join(columns)}" for parent, columns in by_table.items())
        lines.append({"column": name, MADE_FROM: origin or "external input"})
    return lines


def _cell(value: object) -> str | int | float:
    if isinstance(value, float):
        return float(f"{value:.6g}")
    return value if isinstance(value, str | int) and not isinstance(value, bool) else shortened(value)
