"""The examples: the table with every row and its reason, and the files of the kept ones that other trainers load."""

from dataclasses import replace

import dagster as dg

from skyassets.assets.builder import asset
from skyassets.assets.gate_checks import gate_checks, held_out_apart
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, EXAMPLES, PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.core.tables.store import Made
from skyassets.project.accounts import facts_of
from skyassets.project.project import Declared, House, Work
from skyassets.project.sft_files import FILES, FOLDER, PARENTS, provenance, publish
from skyassets.stages.curation.curate import Judged, curate
from skyassets.stages.curation.examples import kept
from skyassets.stages.plots import figures
from skyassets.stages.publishing.dataset_card import card


def curation_assets(
    house: House, declared: dict[str, Declared]
) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`sft_dataset`, with the checks that stand between it and the training."""
    recipe = house.recipe
    by = provenance(recipe)

    def make(work: Work) -> Made:
        read = house.store.read
        made = curate(
            Judged(read(REWRITES), read(TRACES), read(VERDICTS), read(PROBLEMS), read(BENCHMARK_PROBLEMS)),
            recipe.curation,
            recipe.student_prompts,
            house.place.count(recipe.training.base),
            recipe.gates.minimum,
        )
        versions = {parent.name: house.store.data_version(parent) for parent in PARENTS}
        text = card(made.frame, recipe.curation.names, by, versions)
        files = publish(house.store.folder / FOLDER, made.frame, text, recipe.name)
        costs = facts_of(house.accounts.accepted(kept(made.frame).height), work.purse)
        return replace(made, facts={**made.facts, FILES: files, **costs})

    return [
        asset(house, declared[EXAMPLES.name], make, lambda rows: figures.waterfall(rows, recipe.curation.names)),
        held_out_apart(house),
        gate_checks(house),
    ]
