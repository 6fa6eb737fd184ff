"""The examples: the table with every row and its reason, and the files of the kept ones for other trainers."""

from dataclasses import replace

import dagster as dg

from skyassets.assets.builder import asset
from skyassets.assets.gate_checks import gate_checks, held_out_apart
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.core.tables.store import StageResult
from skyassets.project.accounts import facts_of
from skyassets.project.project import AssetDeclaration, BuildContext, Project
from skyassets.project.sft_files import FILES, FOLDER, PARENTS, provenance, publish
from skyassets.stages.curation.curate import CurationInputs, curate
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.plots import figures
from skyassets.stages.publishing.dataset_card import card


def curation_assets(
    project: Project, declared: dict[str, AssetDeclaration]
) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`sft_dataset`, with the checks that gate the training."""
    recipe = project.recipe
    by = provenance(recipe)

    def make(work: BuildContext) -> StageResult:
        read = project.store.read
        made = curate(
            CurationInputs(read(REWRITES), read(TRACES), read(VERDICTS), read(PROBLEMS), read(BENCHMARK_PROBLEMS)),
            recipe.curation,
            recipe.student_prompts,
            project.deployment.count(recipe.training.base),
            recipe.gates.minimum,
        )
        versions = {parent.name: project.store.data_version(parent) for parent in PARENTS}
        text = card(made.frame, recipe.curation.drop_reasons, by, versions)
        files = publish(project.store.folder / FOLDER, made.frame, text, recipe.name)
        costs = facts_of(project.accounts.accepted(kept_examples(made.frame).height), work.run_budget)
        return replace(made, facts={**made.facts, FILES: files, **costs})

    return [
        asset(
            project, declared[EXAMPLES.name], make, lambda rows: figures.waterfall(rows, recipe.curation.drop_reasons)
        ),
        held_out_apart(project),
        gate_checks(project),
    ]
