"""The report's files: collects their data from the project and writes them next to the tables."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from skyassets.core.files import write_text
from skyassets.core.rows.ledger import DOCTOR
from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES, LEDGER, REPORTS, Table
from skyassets.project.deployment import student_name
from skyassets.project.project import Project
from skyassets.stages.curation.waterfall import by_domain
from skyassets.stages.evaluation.manifest import publishable
from skyassets.stages.evaluation.scores import BASE, STUDENT
from skyassets.stages.plots import training_curve
from skyassets.stages.reporting import paired_examples
from skyassets.stages.reporting.content import AssetCost, ReportContent
from skyassets.stages.reporting.html import report_page
from skyassets.stages.reporting.markdown import in_brief, report_text
from skyassets.stages.reporting.paired_examples import PairedExample
from skyassets.stages.sampling.unanswered import COLUMNS, unanswered

PAGE, TEXT = "report.html", "report.md"
FILES = (PAGE, TEXT)
CODE = ("skyassets.stages.reporting.html", "skyassets.stages.reporting.markdown")
"""The code that determines the files, for the asset's version."""
WRITTEN_FROM = (REPORTS, ANSWERS, EXAMPLES, CHECKPOINT, LEDGER)
"""The tables that the files refer to for details."""


def write_reports(project: Project, reports: pl.DataFrame, contaminated: Mapping[str, str] | None = None) -> str:
    """Write both files of a report from the rows of `benchmark_reports`; returns their summary as Markdown.

    `contaminated` is the evidence for each item whose text was found in the training set; None if that was not checked.
    """
    content = report_content(project, reports, contaminated)
    write_text(project.store.folder / PAGE, report_page(content))
    write_text(project.store.folder / TEXT, report_text(content))
    return in_brief(content)


def missing(project: Project) -> str:
    """Which of the files are missing, in words; empty if none is."""
    names = [name for name in FILES if not (project.store.folder / name).exists()]
    return f"missing: {', '.join(names)}" if names else ""


def report_content(
    project: Project, reports: pl.DataFrame, contaminated: Mapping[str, str] | None = None
) -> ReportContent:
    """The data of the report; of the answers' texts, only those that are shown are read."""
    recipe = project.recipe
    base = recipe.training.base
    models = {BASE: str(base), STUDENT: f"{student_name(base.name)}, {base} trained by the recipe"}
    headlines = {each.name: each.metric for each in recipe.benchmarks}
    examples = _columns(project, EXAMPLES, "domain", "dropped_by", "trace_verdict", "rewrite_verdict")
    curves = training_curve.training_points(project.store.read(CHECKPOINT))
    ledger = project.accounts.ledger()
    return ReportContent(
        recipe=recipe.name,
        description=recipe.description,
        reports=reports,
        models=models | {each.role: str(each.model) for each in recipe.contenders},
        headlines=headlines,
        answered=_answered(ledger),
        asset_costs=_asset_costs(project, ledger),
        rules=recipe.curation.drop_reasons,
        waterfall=by_domain(examples, recipe.curation.drop_reasons),
        curves={training_curve.PANELS[name][0]: points for name, points in curves.items()},
        examples=_examples(project, headlines),
        contaminated=contaminated,
        unanswered={role: publishable(why) for role, why in unanswered(_columns(project, ANSWERS, *COLUMNS)).items()},
        tables=tuple((f"{table.name}.parquet", table.meaning) for table in WRITTEN_FROM),
    )


def _columns(project: Project, table: Table, *names: str) -> pl.DataFrame:
    return project.store.scan(table).select(names).collect()


def _examples(project: Project, headlines: Mapping[str, str]) -> tuple[PairedExample, ...]:
    answers = project.store.scan(ANSWERS)
    scores = answers.select(paired_examples.SCORE_COLUMNS).filter(pl.col("role").is_in([BASE, STUDENT])).collect()
    pairs = paired_examples.choose(scores, headlines)
    ids = [ident for each in pairs for ident in (each.student, each.base)]
    texts = answers.filter(pl.col("answer_id").is_in(ids)).select(paired_examples.ANSWER_COLUMNS)
    items = pl.col("problem_id").is_in([each.problem_id for each in pairs])
    problems = project.store.scan(BENCHMARK_PROBLEMS).filter(items).select(paired_examples.PROBLEM_COLUMNS)
    return paired_examples.with_texts(pairs, texts.collect(engine="streaming"), problems.collect(engine="streaming"))


def _asset_costs(project: Project, ledger: pl.DataFrame) -> tuple[AssetCost, ...]:
    """What each asset took, in the order of first payment; the dollars include reused rows."""
    # One unknown cost makes the sum unknown, so a group with a null has no sum.
    dollars = pl.when(pl.col("dollars").null_count() == 0).then(pl.col("dollars").sum()).alias("dollars")
    tokens = (pl.col("prompt_tokens") + pl.col("completion_tokens")).sum().alias("tokens")
    summed = (
        ledger.filter(pl.col("asset") != DOCTOR)
        .group_by("asset")
        .agg(pl.col("calls").sum(), tokens, pl.col("gpu_hours").sum(), dollars, pl.col("began").min())
    )
    rows = summed.sort("began", "asset").drop("began").iter_rows()
    costs = {asset: AssetCost(asset, *numbers) for asset, *numbers in rows}
    kept = project.accounts.examples_kept()
    behind = {} if kept is None else project.accounts.accepted(kept).by_asset
    for asset, cost in behind.items():
        before = costs.get(asset, AssetCost(asset, 0, 0, 0.0, 0.0))
        if asset in costs or cost != 0:
            costs[asset] = replace(before, dollars=cost)
    return tuple(costs.values())


def _answered(ledger: pl.DataFrame) -> tuple[str, str] | None:
    answered = ledger.filter(pl.col("asset") == ANSWERS.name, pl.col("calls") > 0)
    if answered.is_empty():
        return None
    return str(answered["began"].min()), str(answered["ended"].max())
