"""The report's supporting tables: the manifest, the items found in the training set, the curation waterfall."""

import json
from collections.abc import Iterator, Mapping

from skyassets.stages.evaluation.metrics import EVERY
from skyassets.stages.markup.table import ColumnType, ReportTable, report_table
from skyassets.stages.reporting.content import ReportContent
from skyassets.stages.reporting.scoreboard import Scoreboard

SHOWN_ITEMS = 50
"""How many contaminated items are shown; the Parquet files have all of them."""
LONGEST_EVIDENCE = 300


def manifest(content: ReportContent) -> ReportTable:
    """The manifest, by dotted names."""
    settings: object = json.loads(content.reports["made_with"][0]) if content.reports.height else {}
    rows = [[name, value] for name, value in _flat("", settings)]
    return report_table("Made with", (("what", ColumnType.TEXT), ("value", ColumnType.TEXT)), rows)


def contamination(content: ReportContent) -> ReportTable:
    """The items found in the questions of the training set, each with its evidence."""
    items = sorted((content.contaminated or {}).items())
    rows = [[item, _short(evidence)] for item, evidence in items[:SHOWN_ITEMS]]
    notes = [f"{len(items) - SHOWN_ITEMS:,} more are not shown."] if len(items) > SHOWN_ITEMS else []
    head = (("item", ColumnType.TEXT), ("evidence", ColumnType.TEXT))
    return report_table("Items found in the training set", head, rows, notes)


def contaminated_in_words(board: Scoreboard, content: ReportContent) -> str:
    """A sentence on how many items were found in the training set, out of all items, judged or not."""
    if content.contaminated is None:
        return "The training set was not searched for the items."
    most: dict[str, int] = {}
    for (benchmark, by, _, role, _), scored in board.scored.items():
        if by == EVERY and role in board.roles:
            most[benchmark] = max(scored.n + (scored.unjudged or 0), most.get(benchmark, 0))
    total = sum(most.values())
    return f"{len(content.contaminated):,} of {total:,} items were found in the questions of the training set."


def waterfall(content: ReportContent) -> ReportTable:
    """The data set's waterfall by rule."""
    domains = list(dict.fromkeys(domain for counts in content.waterfall.values() for domain in counts))
    columns = domains if len(domains) > 1 else []
    rows = [
        [line, f"{sum(counts.values()):,}", *(f"{counts.get(domain, 0):,}" for domain in columns)]
        for line, counts in content.waterfall.items()
    ]
    head = [
        ("rule", ColumnType.TEXT),
        ("rows", ColumnType.NUMBER),
        *((domain, ColumnType.NUMBER) for domain in columns),
    ]
    return report_table(
        "From rewrites to examples", head, rows, ("A row is counted under the first rule that it failed.",)
    )


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, part in value.items():
            yield from _flat(f"{name}.{key}" if name else str(key), part)
    elif isinstance(value, list) and not any(isinstance(each, dict | list) for each in value):
        yield name, ", ".join(_text(each) for each in value) or "none"
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _flat(f"{name}.{place}", part)
    else:
        yield name, "none" if value == {} else _text(value)


def _text(value: object) -> str:
    if value is None:
        return "not known"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_EVIDENCE else f"{line[:LONGEST_EVIDENCE]}…"
