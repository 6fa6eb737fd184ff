"""Problems: rows of any source in one shape, each with its id, the unusable ones set aside with their reason."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from skyassets.core.errors import SourceError
from skyassets.core.identity import digest
from skyassets.core.sources import Generated, Reader, Source
from skyassets.core.table_store import Made
from skyassets.core.tables import BENCHMARK_PROBLEMS, PROBLEMS, Table
from skyassets.stages.cases import read_cases
from skyassets.stages.extract import strict_answer
from skyassets.stages.families import generate

Row = dict[str, object]

STATED = ("source", "domain", "question", "ground_truth", "tests", "starter_code", "imported_trace")
"""What a problem's id is the digest of."""


@dataclass(frozen=True)
class Benchmark:
    """A named held-out set of problems."""

    name: str
    source: Source


def raw_problems(sources: Iterable[Source], reader: Reader) -> Made:
    """The problems of all sources."""
    return _made(PROBLEMS, [row for source in sources for row in shaped(source, reader)])


def benchmark_problems(benchmarks: Iterable[Benchmark], reader: Reader) -> Made:
    """The held-out problems of all benchmarks."""
    rows = [{**row, "benchmark": one.name} for one in benchmarks for row in shaped(one.source, reader)]
    return _made(BENCHMARK_PROBLEMS, rows)


def shaped(source: Source, reader: Reader) -> Iterator[Row]:
    """The source's rows as problems, without ids.

    Raises:
        SourceError: when nothing is left of the source.
    """
    made = 0
    if isinstance(source.origin, Generated):
        rows: Iterator[Row] = ({**_labels(source), **row} for row in generate(source.origin))
    else:
        chosen = enumerate(_selected(source, reader.rows(source)))
        rows = (_mapped(source, row, position) for position, row in chosen)
    for row in rows:
        made += 1
        yield row
    if not made:
        raise SourceError(f"raw_problems: the source {source.name!r} has no rows; look at its file, split and filters")


def _labels(source: Source) -> Row:
    return {"source": source.name, "licence": source.licence}


def _selected(source: Source, rows: Iterable[Row]) -> Iterator[Row]:
    chosen = (row for row in rows if all(str(row.get(column)) == value for column, value in source.where))
    for number, row in enumerate(chosen):
        if source.first is not None and number >= source.first:
            return
        yield row


def _mapped(source: Source, row: Row, position: int) -> Row:
    def text(column: str) -> str | None:
        value = row.get(column) if column else None
        return None if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)

    truth = text(source.ground_truth)
    if source.boxed_in:
        truth = strict_answer(text(source.boxed_in) or "")
    return {
        **_labels(source),
        "name": f"row {position}",
        "family": text(source.family) or source.name,
        "domain": source.domain,
        "question": text(source.question),
        "ground_truth": truth,
        "tests": text(source.tests),
        "starter_code": text(source.starter_code),
        "imported_trace": text(source.trace),
    }


def fault(row: Row) -> str | None:
    """Why a shaped row cannot be used; None when it can. A ready-made trace needs nothing to be asked by."""
    if not str(row.get("question") or "").strip():
        return "no question"
    if row.get("imported_trace"):
        return None
    if row["domain"] != "code":
        return None if str(row.get("ground_truth") or "").strip() else "no ground truth"
    tests = row.get("tests")
    cases = read_cases(None if tests is None else str(tests))
    return cases if isinstance(cases, str) else None


def _made(table: Table, rows: list[Row]) -> Made:
    seen: Counter[str] = Counter()
    for row in rows:
        stated = (row.get(name) for name in STATED)
        content = digest("problem", row.get("benchmark"), *stated)
        row["set_aside"] = fault(row) or ("stated before in the same source" if seen[content] else None)
        row["problem_id"] = digest(content, seen[content]) if seen[content] else content
        seen[content] += 1
    aside = Counter(str(row["set_aside"]) for row in rows if row["set_aside"])
    if len(rows) == sum(aside.values()):
        raise SourceError(f"{table.name}: all {len(rows)} problems were set aside: {dict(aside)}; look at the sources")
    facts: dict[str, object] = {
        "problems by source": dict(Counter(str(row["source"]) for row in rows)),
        "set aside": dict(aside),
    }
    frame = table.frame([{name: row.get(name) for name in table.columns} for row in rows])
    return Made(frame, facts)
