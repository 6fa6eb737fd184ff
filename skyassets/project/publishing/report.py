"""The published report: the latest or one of the history, whether it describes these weights, and its files."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from skyassets.core.tables.declarations import CHECKPOINT, EXAMPLES, REPORTS
from skyassets.core.tables.store import column_differences
from skyassets.project.evaluation.history import ITEMS, MANIFEST, ROWS, VERSION_LETTERS, history_of
from skyassets.project.evaluation.report_files import FILES as PAGES
from skyassets.project.project import Project
from skyassets.stages.publishing.release_checks import report_mismatch

TABLES = (ROWS, ITEMS, MANIFEST)


@dataclass(frozen=True)
class PublishedReport:
    """A report, and why it cannot be published if it cannot."""

    wrong: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    rows: pl.DataFrame = field(default_factory=lambda: REPORTS.frame([]))
    checkpoint_id: str = ""
    """The id of the current weights."""
    version: str = ""
    """Its name in the history, or the beginning of its data version."""

    @property
    def benchmarks(self) -> list[str]:
        """The benchmarks in the report."""
        return sorted(self.rows["benchmark"].unique())

    @property
    def shows_items(self) -> bool:
        """Whether its pages, which show benchmark items, are published."""
        return not self.wrong and any(path.name in PAGES for path in self.files)


def published_report(project: Project, name: str, has_pages: bool) -> PublishedReport:
    """The report called `name` in the history, or the latest; without its pages if they are excluded.

    Raises:
        StoreError: when a table exists but cannot be read.
    """
    store = project.store
    if unreadable := [why for table in (CHECKPOINT, REPORTS) if (why := store.unreadable(table))]:
        return PublishedReport(tuple(unreadable))
    history = {stored.name: stored for stored in history_of(project).reports()}
    if name and name not in history:
        return PublishedReport((f"the history has no report {name!r}; it has: {', '.join(history) or 'none'}",))
    version = store.data_version(REPORTS)[:VERSION_LETTERS]
    stored = [history[name]] if name else [one for one in history.values() if one.name.endswith(f"-{version}")]
    # The latest report is the table itself; the files next to it are copies of those in the history.
    folders = [*([] if name else [store.folder]), *(one.folder for one in reversed(stored))]
    rows = history[name].rows if name else store.read(REPORTS)
    if others := column_differences(REPORTS, rows.schema):
        return PublishedReport((f"the report {name} was written by an earlier version: {others}",))
    weights = store.read(CHECKPOINT)
    checkpoint_id = str(weights["checkpoint_id"][0])
    names = (*(PAGES if has_pages else ()), *TABLES)
    files = {each: next((one / each for one in folders if (one / each).is_file()), None) for each in names}
    wrong = [
        report_mismatch(rows["checkpoint_id"].drop_nulls().unique().to_list(), checkpoint_id),
        _other_data(weights, store.data_version(EXAMPLES)),
        *(f"the report's {each} is missing: materialize benchmark_reports" for each, path in files.items() if not path),
    ]
    return PublishedReport(
        wrong=tuple(filter(None, wrong)),
        files=tuple(path for path in files.values() if path),
        rows=rows,
        checkpoint_id=checkpoint_id,
        version=name or version,
    )


def _other_data(weights: pl.DataFrame, version: str) -> str:
    """Why weights do not belong to a data set of this version; empty if they were trained on it."""
    versions = weights.filter(pl.col("entry") == "fact:data version")["fact"]
    trained_on = str(json.loads(versions[0])) if versions.len() else "unknown"
    if trained_on == version:
        return ""
    return (
        f"the weights were trained on sft_dataset {trained_on[:12]}, but the current one is {version[:12]}: "
        "materialize checkpoint+"
    )
