"""The model card: collects its data from the tables and writes it."""

import json

import polars as pl

from skyassets.core.errors import StoreError
from skyassets.core.files import write_text
from skyassets.core.tables.declarations import ASSET_TABLES, EXAMPLES, REPORTS
from skyassets.engines.training.checkpoint_folder import CARD, Run
from skyassets.project.project import Project
from skyassets.project.sft_files import provenance
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.publishing import card_content
from skyassets.stages.publishing.card_content import CardContent, TableVersion, TrainingSummary
from skyassets.stages.publishing.model_card import model_card
from skyassets.stages.reporting.scoreboard import Scoreboard, scoreboard


def write_card(project: Project, run: Run, reports: pl.DataFrame | None) -> None:
    """Write the model card into the folder of the weights, with the scores of `reports` if given."""
    write_text(run.folder / CARD, model_card(card_content_of(project, run, reports)))


def card_content_of(project: Project, run: Run, reports: pl.DataFrame | None) -> CardContent:
    """The data of the model card of `run`; `reports` is a report on it."""
    recipe, store = project.recipe, project.store
    examples = store.read(EXAMPLES)
    data = card_content.data_parts(examples)
    system = kept_examples(examples)["system"][0]
    ancestors = ASSET_TABLES[: ASSET_TABLES.index(EXAMPLES) + 1]
    manifests = [(table, store.manifest(table)) for table in ancestors]
    return CardContent(
        recipe=recipe.name,
        description=recipe.description,
        training=recipe.training,
        summary=TrainingSummary(len(run.curve), sum(step.tokens for step in run.curve), run.curve[-1].loss),
        data=data,
        data_version=store.data_version(EXAMPLES),
        origins=provenance(recipe).origins,
        datasets=card_content.hub_datasets(recipe.sources, data),
        base_licence=project.deployment.licence(recipe.training.base),
        system=system or "",
        board=None if reports is None else scoreboard_of(project, reports),
        made_with={} if reports is None else json.loads(str(reports["made_with"][0])),
        tested_on=card_content.tested_on(recipe.benchmarks),
        lineage=tuple(TableVersion(table.name, one.rows, one.data_version) for table, one in manifests if one),
    )


def scoreboard_of(project: Project, reports: pl.DataFrame) -> Scoreboard:
    """The scores of a report, in the recipe's order."""
    recipe = project.recipe
    headlines = {benchmark.name: benchmark.metric for benchmark in recipe.benchmarks}
    return scoreboard(reports, headlines, [contender.role for contender in recipe.contenders])


def report_on(project: Project, checkpoint_id: str) -> pl.DataFrame | None:
    """The last report, if it is on this checkpoint; None if it is damaged or in an older format.

    The run that makes the weights remakes the report afterwards, so an old report must not make it fail.
    """
    try:
        reports = project.store.read(REPORTS)
    except StoreError:
        return None
    return reports if checkpoint_id in reports["checkpoint_id"] else None
