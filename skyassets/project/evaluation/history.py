"""The history of the evaluation: every report ever made, in a folder that is append-only."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.files import locked, sync_folder
from skyassets.core.tables.content_digest import ContentDigest
from skyassets.core.tables.declarations import REPORTS
from skyassets.core.text import now, silent
from skyassets.project.project import Project
from skyassets.stages.evaluation.drift import METRICS, Drift, PastReport, drift
from skyassets.stages.evaluation.manifest import FIRST, ReportManifest

FOLDER = "history"
"""The folder next to a recipe's tables."""
ROWS = f"{REPORTS.name}.parquet"
ITEMS = "items.parquet"
MANIFEST = "manifest.json"
VERSION_LETTERS = 12
"""Characters of the data version in a folder name."""
UNFINISHED = ".unfinished-"
"""Prefix of a folder while it is being written."""
COMPARED: dict[str, pl.DataType] = {
    **dict.fromkeys(("benchmark", "role", "problem_id"), pl.String()),
    **dict.fromkeys(METRICS.values(), pl.Float64()),
}
"""The columns of item scores on which two reports are compared."""


@dataclass(frozen=True)
class StoredReport:
    """A report in the history."""

    folder: Path
    at: str
    """When it was made (UTC, ISO 8601)."""
    epoch: str
    made_with: ReportManifest

    @property
    def name(self) -> str:
        """Its epoch and the beginning of its data version."""
        return self.folder.name

    @property
    def rows(self) -> pl.DataFrame:
        """The report, with the columns that `benchmark_reports` had at the time."""
        return _read(self.folder / ROWS)

    def past(self) -> PastReport:
        """The report as input of a drift check; without items if they were stored in an older, insufficient format."""
        items = _read(self.folder / ITEMS)
        is_sufficient = COMPARED.keys() <= set(items.columns)
        return PastReport(self.name, self.made_with, items if is_sufficient else pl.DataFrame(schema=COMPARED))


@dataclass(frozen=True)
class History:
    """The reports stored in `folder`."""

    folder: Path

    def reports(self) -> list[StoredReport]:
        """All reports, oldest first; other folders are skipped."""
        folders = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        reports = [report for folder in folders if not folder.name.startswith(".") and (report := _stored(folder))]
        return sorted(reports, key=lambda report: (report.at, report.name))

    def append(
        self, rows: pl.DataFrame, items: pl.DataFrame, made_with: ReportManifest, files: Iterable[Path] = ()
    ) -> str:
        """Store a report with its item scores and copies of `files`; returns its name. An existing report is kept.

        The folder is written atomically. One process writes at a time, and removes what a killed one left unfinished.

        Raises:
            StoreError: when it cannot be written.
        """
        epoch = str(made_with.get("epoch") or FIRST)
        name = name_of(epoch, version_of(rows))
        with locked(self.folder.with_name(f".{self.folder.name}.lock"), silent):
            if _stored(self.folder / name):
                return name
            manifest = {"name": name, "at": now(), "epoch": epoch, "made_with": made_with}
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                # An incomplete folder of that name was damaged; the report is the same, so it is written again.
                for left in (*self.folder.glob(f"{UNFINISHED}*"), self.folder / name):
                    shutil.rmtree(left, ignore_errors=True)
                with tempfile.TemporaryDirectory(
                    prefix=UNFINISHED, dir=self.folder, ignore_cleanup_errors=True
                ) as scratch:
                    part = Path(scratch) / name
                    part.mkdir()
                    rows.write_parquet(part / ROWS)
                    items.write_parquet(part / ITEMS)
                    for file in files:
                        shutil.copyfile(file, part / file.name)
                    (part / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False), encoding="utf-8")
                    _sync(part)
                    part.rename(self.folder / name)
                sync_folder(self.folder)
            except OSError as error:
                raise StoreError(
                    f"the history cannot store the report in {self.folder / name}: {error.strerror}; free some space, "
                    "or remove what is in the way"
                ) from error
        return name

    def holds(self, name: str) -> bool:
        """Whether a report of this name is stored."""
        return _stored(self.folder / name) is not None


def name_of(epoch: str, version: str) -> str:
    """The name in the history of the report of an epoch (empty for the first)."""
    return f"{epoch or FIRST}-{version[:VERSION_LETTERS]}"


def version_of(rows: pl.DataFrame) -> str:
    """The data version of a report, before or after it is published."""
    content = ContentDigest(REPORTS)
    for _ in content.of([REPORTS.conform(rows)]):
        pass
    return content.hexdigest()


def _stored(folder: Path) -> StoredReport | None:
    """The report in `folder`; None if there is none or it is incomplete."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        report = StoredReport(folder, str(manifest["at"]), str(manifest["epoch"]), dict(manifest["made_with"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return report if (folder / ROWS).is_file() and (folder / ITEMS).is_file() else None


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise StoreError(
            f"the history cannot read {path}: {error}; remove that folder to compare the report without it"
        ) from error


def _sync(folder: Path) -> None:
    """Make the files in `folder` durable."""
    for file in folder.iterdir():
        handle = os.open(file, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
    sync_folder(folder)


def history_of(project: Project) -> History:
    """The recipe's history."""
    return History(project.store.folder / FOLDER)


def report_name(project: Project, rows: pl.DataFrame) -> str:
    """The name, in the history, of the current report, which has these rows."""
    return name_of(str(rows["epoch_name"][0]) if rows.height else "", project.store.data_version(REPORTS))


def latest_drift(project: Project) -> Drift:
    """The drift of the current report since the reports made before it.

    Raises:
        StoreError: when there is no report, or it or an earlier one is missing or damaged in the history.
    """
    name = report_name(project, project.store.read(REPORTS))
    reports = history_of(project).reports()
    current = next((report for report in reports if report.name == name), None)
    if current is None:
        raise StoreError(f"the history has no report {name}; materialize {REPORTS.name} again to store it")
    return drift(current.past(), [report.past() for report in reports if report.at < current.at])
