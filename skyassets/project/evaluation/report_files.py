"""The report's files: collects their data from the project and writes them next to the tables."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from skyassets.core.files import write_text
from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES, LEDGER, REPORTS, Table
from skyassets.project.deployment import student_name
from skyassets.project.project import Project
from skyassets.stages.curation.waterfall import by_domain
from skyassets.stages.evaluation.scores import BASE, STUDENT
from skyassets.stages.plots import training_curve
from skyassets.stages.reporting import paired_examples
from skyassets.stages.reporting.facts import ReportFacts, Spent
from skyassets.stages.reporting.html import report_page
from skyassets.stages.reporting.markdown import in_brief, report_text
from skyassets.stages.reporting.paired_examples import Duel

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
    facts = report_facts(project, reports, contaminated)
    write_text(project.store.folder / PAGE, report_page(facts))
    write_text(project.store.folder / TEXT, report_text(facts))
    return in_brief(facts)


def missing(project: Project) -> str:
    """Which of the files are missing, in words; empty if none is."""
    gone = [name for name in FILES if not (project.store.folder / name).exists()]
    return f"gone: {', '.join(gone)}" if gone else ""


def report_facts(project: Project, reports: pl.DataFrame, contaminated: Mapping[str, str] | None = None) -> ReportFacts:
    """The data of the report; of the answers' texts, only those that are shown are read."""
    recipe = project.recipe
    base = recipe.training.base
    models = {BASE: str(base), STUDENT: f"{student_name(base.name)}, {base} trained by the recipe"}
    headlines = {each.name: each.metric for each in recipe.benchmarks}
    examples = _columns(project, EXAMPLES, "domain", "dropped_by", "trace_verdict", "rewrite_verdict")
    told = {name: points for name, points in training_curve.course(project.store.read(CHECKPOINT)).items() if points}
    ledger = project.accounts.ledger()
    return ReportFacts(
        recipe=recipe.name,
        description=recipe.description,
        reports=reports,
        models=models | {each.role: str(each.model) for each in recipe.contenders},
        headlines=headlines,
        asked=_asked(ledger),
        spent=_spent(project, ledger),
        rules=recipe.curation.drop_reasons,
        fall=by_domain(examples, recipe.curation.drop_reasons),
        curves={training_curve.PANELS[name][0]: points for name, points in told.items()},
        duels=_duels(project, headlines),
        contaminated=contaminated,
        tables=tuple((f"{table.name}.parquet", table.meaning) for table in WRITTEN_FROM),
    )


def _columns(project: Project, table: Table, *names: str) -> pl.DataFrame:
    return project.store.scan(table).select(names).collect()


def _duels(project: Project, headlines: Mapping[str, str]) -> tuple[Duel, ...]:
    answers = project.store.scan(ANSWERS)
    marks = answers.select(paired_examples.MARKS).filter(pl.col("role").is_in([BASE, STUDENT])).collect()
    found = paired_examples.chosen(marks, headlines)
    ids = [ident for each in found for ident in (each.student, each.base)]
    said = answers.filter(pl.col("answer_id").is_in(ids)).select(paired_examples.SAID).collect(engine="streaming")
    items = pl.col("problem_id").is_in([each.problem_id for each in found])
    problems = project.store.scan(BENCHMARK_PROBLEMS).filter(items).select(paired_examples.ASKED)
    return paired_examples.duels(found, said, problems.collect(engine="streaming"))


def _spent(project: Project, ledger: pl.DataFrame) -> tuple[Spent, ...]:
    """What each asset took, in the order of first payment; the dollars include reused rows."""
    # One unknown cost makes the sum unknown, so a group with a null has no sum.
    dollars = pl.when(pl.col("dollars").null_count() == 0).then(pl.col("dollars").sum()).alias("dollars")
    tokens = (pl.col("prompt_tokens") + pl.col("completion_tokens")).sum().alias("tokens")
    summed = ledger.group_by("asset").agg(
        pl.col("calls").sum(), tokens, pl.col("gpu_hours").sum(), dollars, pl.col("began").min()
    )
    rows = summed.sort("began", "asset").drop("began").iter_rows()
    found = {asset: Spent(asset, *numbers) for asset, *numbers in rows}
    kept = project.accounts.kept()
    behind = {} if kept is None else project.accounts.accepted(kept).by_asset
    for asset, cost in behind.items():
        before = found.get(asset, Spent(asset, 0, 0, 0.0, 0.0))
        if asset in found or cost != 0:
            found[asset] = replace(before, dollars=cost)
    return tuple(found.values())


def _asked(ledger: pl.DataFrame) -> tuple[str, str] | None:
    answered = ledger.filter(pl.col("asset") == ANSWERS.name, pl.col("calls") > 0)
    if answered.is_empty():
        return None
    return str(answered["began"].min()), str(answered["ended"].max())
