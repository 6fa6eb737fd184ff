"""The report's files after a real run: they exist, are rebuilt when missing, and agree with the tables."""

import html
import json
import re

import dagster as dg
import polars as pl
import pytest
from assets.pipeline import Pipeline

from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, REPORTS
from skyassets.project.evaluation.report_files import PAGE, TEXT, WRITTEN_FROM, report_content
from skyassets.project.project import Project
from skyassets.stages.reporting.content import ReportContent


@pytest.fixture
def content(pipeline: Pipeline) -> ReportContent:
    return report_content(Project(pipeline.recipe, pipeline.deployment), pipeline.store.read(REPORTS))


def test_a_run_leaves_a_page_and_markdown_with_the_same_verdict(pipeline: Pipeline) -> None:
    page, text = ((pipeline.store.folder / name).read_text(encoding="utf-8") for name in (PAGE, TEXT))
    (verdict,) = re.findall('class="verdict">(.*?)</p>', page)
    assert verdict.startswith("The student ")
    assert verdict in text


def test_a_missing_page_is_written_again_without_a_call(pipeline: Pipeline) -> None:
    (pipeline.store.folder / PAGE).unlink()
    before = pipeline.calls()
    result = pipeline.materialize(only=REPORTS.name)
    assert result.success
    (event,) = result.get_asset_materialization_events()
    assert event.step_materialization_data.materialization.metadata["rebuilt"] == dg.MetadataValue.bool(True)
    assert (pipeline.store.folder / PAGE).exists()
    assert pipeline.calls() == before


def test_a_copy_of_the_report_has_no_dead_link(pipeline: Pipeline) -> None:
    (stored,) = (pipeline.store.folder / "history").iterdir()
    page, text = (html.unescape((stored / name).read_text(encoding="utf-8")) for name in (PAGE, TEXT))
    links = re.findall('href="([^"]+)"', page)
    assert links
    assert all(link.startswith("#") and f'id="{link[1:]}"' in page for link in links)
    assert not re.findall(r"(?<!\\)\]\(", text)
    for table in WRITTEN_FROM:
        assert (pipeline.store.folder / f"{table.name}.parquet").exists()
        assert f"{table.name}.parquet: {table.meaning}" in page


def test_every_example_is_an_item_that_one_of_the_two_got_wrong(pipeline: Pipeline, content: ReportContent) -> None:
    answers = pipeline.store.read(ANSWERS)
    questions = dict(pipeline.store.read(BENCHMARK_PROBLEMS).select("problem_id", "question").iter_rows())
    assert content.examples
    for example in content.examples:
        both = answers.filter(pl.col("problem_id") == example.problem_id)
        verdicts = dict(both.select("role", "strict").iter_rows())
        assert verdicts == ({"student": "correct", "base": "wrong"} if example.is_won else
                            {"student": "wrong", "base": "correct"})  # fmt: skip
        assert example.question == questions[example.problem_id]
        assert example.student.text == both.filter(pl.col("role") == "student")["text"][0]


def test_costs_and_dates_come_from_the_ledger(content: ReportContent) -> None:
    by_asset = {each.asset: each for each in content.asset_costs}
    assert by_asset["benchmark_answers"].calls == 24
    assert by_asset["teacher_traces"].calls == 12
    assert by_asset["checkpoint"].gpu_hours > 0
    assert "benchmark_answers" not in {each.asset for each in content.training_costs}
    assert content.answered is not None
    assert content.answered[0] <= content.answered[1]


def test_the_waterfall_adds_up(content: ReportContent) -> None:
    sums = {line: sum(counts.values()) for line, counts in content.waterfall.items()}
    assert sums["rewrites"] == sum(sums[rule] for rule in content.rules) + sums["kept"]


def test_the_report_shows_every_part_of_its_manifest(pipeline: Pipeline) -> None:
    manifest = json.loads(pipeline.store.read(REPORTS)["made_with"][0])
    page = (pipeline.store.folder / PAGE).read_text(encoding="utf-8")
    section = page[page.index('id="made-with"') :]
    assert manifest
    assert all(f">{name}" in re.sub(r">\s+", ">", section).replace("&#39;", "'") for name in manifest)
