"""A data folder of an earlier version: a whole run rebuilds it, and until then commands report its age."""

from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from assets.pipeline import ALL, Pipeline, copy_of

from skyassets.commands.common.command import Command
from skyassets.commands.planning.status import STATUS
from skyassets.commands.results.history import HISTORY
from skyassets.commands.results.report import REPORT
from skyassets.core.files import file_digest
from skyassets.core.tables.declarations import ANSWERS, ASSET_TABLES, BENCHMARK_PROBLEMS, PROBLEMS, REPORTS
from skyassets.core.tables.store import TableStore
from skyassets.project.evaluation.history import ITEMS, ROWS, VERSION_LETTERS
from skyassets.project.project import Project
from skyassets.project.publishing.report import published_report

NOT_YET = {
    PROBLEMS: ["level"],
    BENCHMARK_PROBLEMS: ["level"],
    ANSWERS: ["level", "strict_answer", "lenient_answer"],
    REPORTS: ["by", "part", "samples", "won", "lost"],
}
"""The columns that an earlier version did not have."""
MESSAGE = (
    "benchmark_reports was written by an earlier version: columns missing: by, part, samples, won, lost; columns "
    "unknown: family; materialize it again"
)


def reports_then(rows: pl.DataFrame) -> pl.DataFrame:
    """A report as it was before it had parts."""
    return rows.with_columns(family=pl.col("part")).drop(NOT_YET[REPORTS])


def grow_old(store: TableStore) -> None:
    """Make all tables what an earlier version left, with the manifests it would have left."""
    for table in ASSET_TABLES:
        path, manifest = store.path(table), store.manifest(table)
        assert manifest is not None
        rows = pl.read_parquet(path)
        rows = reports_then(rows) if table is REPORTS else rows.drop(NOT_YET.get(table, []))
        rows.write_parquet(path)
        made_by = {**manifest.fingerprint, "code": "of an earlier version"}
        replace(manifest, file_digest=file_digest(path), fingerprint=made_by).write(
            store.folder / f"{table.name}.manifest.json"
        )
    (named,) = (store.folder / "history").iterdir()
    stored = named.rename(named.with_name(f"first-{'0' * VERSION_LETTERS}"))
    reports_then(pl.read_parquet(stored / ROWS)).write_parquet(stored / ROWS)
    pl.read_parquet(stored / ITEMS).drop("strict", "lenient").write_parquet(stored / ITEMS)


@pytest.fixture(scope="module")
def old_folder(pipeline_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "there"
    grow_old(copy_of(pipeline_run_once, folder).store)
    return folder


@pytest.fixture
def old(old_folder: Path, tmp_path: Path) -> Pipeline:
    return copy_of(old_folder, tmp_path / "here")


def output_of(old: Pipeline, capsys: pytest.CaptureFixture[str], command: Command, *words: str) -> tuple[int, str]:
    parser = ArgumentParser()
    command.add_arguments(parser)
    capsys.readouterr()
    code = command.run(old.recipe, old.deployment, parser.parse_args(words))
    captured = capsys.readouterr()
    return code, captured.out + captured.err


def test_a_whole_run_rebuilds_the_old_tables(old: Pipeline) -> None:
    before = pl.read_parquet(old.store.path(REPORTS))
    outcome = old.run()
    assert outcome.rebuilt == set(ALL)
    assert outcome.calls == 0
    for table in ASSET_TABLES:
        assert old.store.read(table).columns == list(table.columns)
    again = old.store.read(REPORTS)
    assert reports_then(again).select("report_id", "value").equals(before.select("report_id", "value"))
    # The old report is unchanged, and the new one is beside it.
    assert len(list((old.store.folder / "history").iterdir())) == 2
    (card,) = old.store.folder.glob("weights/*/README.md")
    assert "held-out" in card.read_text(encoding="utf-8")


@pytest.mark.parametrize("option", ["", "--parts", "--json"])
def test_the_scores_of_an_old_report_are_not_shown_but_the_reason_is(
    old: Pipeline, capsys: pytest.CaptureFixture[str], option: str
) -> None:
    code, output = output_of(old, capsys, REPORT, *filter(None, [option]))
    assert code == 1
    assert MESSAGE in output


def test_an_old_report_of_the_history_is_listed_and_its_folder_is_named(
    old: Pipeline, capsys: pytest.CaptureFixture[str]
) -> None:
    (stored,) = (path.name for path in (old.store.folder / "history").iterdir())
    code, output = output_of(old, capsys, HISTORY, "--json")
    assert code == 0
    assert stored in output
    code, output = output_of(old, capsys, REPORT, "--epoch", "first")
    assert code == 1
    assert f"the report {stored} was written by an earlier version: columns missing: by, part" in output
    assert str(old.store.folder / "history" / stored) in output


def test_old_tables_are_reported_as_stale(old: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = output_of(old, capsys, STATUS)
    assert code == 1
    assert "changed: code" in output


def test_an_old_report_is_not_published(old: Pipeline) -> None:
    assert published_report(Project(old.recipe, old.deployment), "", has_pages=True).wrong == (MESSAGE,)
