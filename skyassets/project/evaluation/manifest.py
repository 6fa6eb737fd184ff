"""The reproducibility manifest of a report: what answered the benchmarks, and what the report was made from.

The servers are read from the serving notes of the runs that produced the rows.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from skyassets import __version__
from skyassets.core.code.version import code_version
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES
from skyassets.core.tables.store import StageResult
from skyassets.engines.host.environment import installed_versions
from skyassets.engines.host.git import commit_of
from skyassets.project.completions import serving_records
from skyassets.project.graders import GRADERS
from skyassets.project.project import Project
from skyassets.stages.evaluation.answers import JUDGED_BY
from skyassets.stages.evaluation.manifest import (
    MADE_WITH,
    ReportManifest,
    Server,
    model_entries,
    sampling_entries,
    title,
    with_prefix,
)

PACKAGE = Path(__file__).parents[1]
GRADING_PACKAGES = ("math-verify", "latex2sympy2_extended", "sympy")
STATISTICS = "skyassets.stages.evaluation.scores"
STATISTICS_PACKAGES = ("polars", "numpy", "scipy")


def answered_with(project: Project, models: Mapping[str, Model], made: StageResult, epoch: str) -> ReportManifest:
    """The manifest of the new answers: how they were sampled, and which models, servers and graders produced them.

    `models` is role to model. Rows from another run or recipe report the servers of that run.
    """
    recipe, answers = project.recipe, made.frame
    manifest: ReportManifest = {"recipe": recipe.name, **sampling_entries(recipe.evaluation, recipe.benchmarks, epoch)}
    for role, model in models.items():
        manifest |= model_entries(role, model, _servers(project, model, answers.filter(pl.col("role") == role)))
    graders: ReportManifest = {"version": code_version(*GRADERS), **installed_versions(GRADING_PACKAGES)}
    graders |= {name: str(made.metadata[name]) for name in JUDGED_BY.values() if name in made.metadata}
    if recipe.judge:
        graders["judge"] = f"{title(recipe.judge.model.name)}@{recipe.judge.model.revision}"
    manifest |= with_prefix("graders", graders)
    manifest |= with_prefix("answered by", _code())
    manifest["data.benchmark_problems"] = project.store.data_version(BENCHMARK_PROBLEMS)
    return manifest


def made_with(project: Project) -> ReportManifest:
    """The manifest of a report on the current answers.

    Raises:
        StoreError: when a table is missing or does not match its manifest.
    """
    answers = project.store.manifest(ANSWERS)
    stored = answers.metadata.get(MADE_WITH) if answers else None
    manifest: ReportManifest = dict(stored) if isinstance(stored, Mapping) else {}
    manifest |= _checkpoint(project)
    manifest |= {f"data.{table.name}": project.store.data_version(table) for table in (EXAMPLES, CHECKPOINT, ANSWERS)}
    return manifest | with_prefix(
        "report", {"statistics": code_version(STATISTICS), **_code(), **installed_versions(STATISTICS_PACKAGES)}
    )


def _checkpoint(project: Project) -> ReportManifest:
    """The student's origin: its base, the data it was trained on, and what trained it."""
    rows = project.store.read(CHECKPOINT)
    entries = {str(row["entry"]): row["fact"] for row in rows.iter_rows(named=True) if row["fact"] is not None}
    run = {name.removeprefix("fact:"): json.loads(str(value)) for name, value in entries.items()}
    manifest: ReportManifest = {
        "checkpoint.id": str(rows["checkpoint_id"][0]),
        "checkpoint.base": title(project.recipe.training.base.name),
        "checkpoint.base revision": run.get("base revision"),
        "data.training set": run.get("data version"),
    }
    environment = run.get("environment")
    if isinstance(environment, dict):
        named = {f"trained with {name}": value for name, value in environment.items() if name != "seconds"}
        manifest |= with_prefix("checkpoint", named)
    return manifest


def _code() -> ReportManifest:
    """The running code: its Git commit, if it is a checkout, and the package's version."""
    commit = commit_of(PACKAGE)
    return {
        "commit": commit.name if commit else None,
        "is dirty": commit.is_dirty if commit else None,
        "skyassets": __version__,
    }


def _servers(project: Project, model: Model, answers: pl.DataFrame) -> list[Server]:
    """The distinct servers that answered the rows."""
    rows = project.rows.read(answers["completion_id"].drop_nulls(), ["run", "served_by"])
    pairs = {pair for batch in rows for pair in batch.select("run", "served_by").unique().iter_rows()}
    notes = serving_records(project)
    return [Server(str(by or ""), notes.read(str(run), str(model))) for run, by in sorted(pairs, key=str)]
