"""The reproducibility manifest of a report: what is known about its answers, and what the report was made from."""

import json
from collections.abc import Mapping

from skyassets.core.code_version import code_version
from skyassets.core.tables.declarations import ANSWERS, CHECKPOINT, EXAMPLES
from skyassets.engines.host.environment import installed_versions
from skyassets.project.evaluation.answer_manifest import code_told
from skyassets.project.project import Project
from skyassets.stages.evaluation.manifest import MADE_WITH, Facts, title, under

STATISTICS = "skyassets.stages.evaluation.scores"
PACKAGES = ("polars", "numpy", "scipy")


def made_with(project: Project) -> Facts:
    """The manifest of a report on the current answers.

    Raises:
        StoreError: when a table is missing or does not match its manifest.
    """
    made = project.store.manifest(ANSWERS)
    told = made.metadata.get(MADE_WITH) if made else None
    facts: Facts = dict(told) if isinstance(told, Mapping) else {}
    facts |= _checkpoint(project)
    facts |= {f"data.{table.name}": project.store.data_version(table) for table in (EXAMPLES, CHECKPOINT, ANSWERS)}
    return facts | under(
        "report", {"statistics": code_version(STATISTICS), **code_told(), **installed_versions(PACKAGES)}
    )


def _checkpoint(project: Project) -> Facts:
    """The student's origin: its base, the data it was trained on, and what trained it."""
    rows = project.store.read(CHECKPOINT)
    found = {str(row["entry"]): row["fact"] for row in rows.iter_rows(named=True) if row["fact"] is not None}
    told = {name.removeprefix("fact:"): json.loads(str(fact)) for name, fact in found.items()}
    facts: Facts = {
        "checkpoint.id": str(rows["checkpoint_id"][0]),
        "checkpoint.base": title(project.recipe.training.base.name),
        "checkpoint.base revision": told.get("base revision"),
        "data.training set": told.get("data version"),
    }
    environment = told.get("environment")
    if isinstance(environment, dict):
        named = {f"trained with {name}": value for name, value in environment.items() if name != "seconds"}
        facts |= under("checkpoint", named)
    return facts
