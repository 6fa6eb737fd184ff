"""What answered the benchmarks: read from the serving notes of the runs that produced the report's rows."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl

from skyassets import __version__
from skyassets.core.code_version import code_version
from skyassets.core.ports import Model
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS
from skyassets.core.tables.store import StageResult
from skyassets.engines.host.environment import installed_versions
from skyassets.engines.host.git import commit_of
from skyassets.project.graders import GRADERS
from skyassets.project.project import Project
from skyassets.project.serving_record import notes_of
from skyassets.stages.evaluation.answers import JUDGED_BY
from skyassets.stages.evaluation.manifest import Facts, Server, answered, asked, title, under

PACKAGE = Path(__file__).parents[1]
GRADING_PACKAGES = ("math-verify", "latex2sympy2_extended", "sympy")


def answered_with(project: Project, models: Mapping[str, Model], made: StageResult, epoch: str) -> Facts:
    """The manifest of the new answers: how they were asked, and which models, servers and graders produced them.

    `models` is role to model. Rows from another run or recipe report the servers of that run.
    """
    recipe, answers = project.recipe, made.frame
    facts: Facts = {"recipe": recipe.name, **asked(recipe.evaluation, recipe.benchmarks, epoch)}
    for role, model in models.items():
        facts |= answered(role, model, _servers(project, model, answers.filter(pl.col("role") == role)))
    graders: Facts = {"version": code_version(*GRADERS), **installed_versions(GRADING_PACKAGES)}
    graders |= {name: str(made.metadata[name]) for name in JUDGED_BY.values() if name in made.metadata}
    if recipe.judge:
        graders["judge"] = f"{title(recipe.judge.model.name)}@{recipe.judge.model.revision}"
    facts |= under("graders", graders)
    facts |= under("answered by", code_told())
    facts["data.benchmark_problems"] = project.store.data_version(BENCHMARK_PROBLEMS)
    return facts


def code_told() -> Facts:
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
    notes = notes_of(project)
    return [Server(str(by or ""), notes.read(str(run), str(model))) for run, by in sorted(pairs, key=str)]
