"""The data set: verdicts on traces and rewrites, and the examples that are worth learning from."""

import dagster as dg

from skyassets.assets.curation import curation_assets
from skyassets.core.tables.declarations import PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.core.tables.store import Made
from skyassets.project.graders import GRADERS, marking
from skyassets.project.project import House, Spec, Work
from skyassets.stages.grading.verdicts import verify
from skyassets.stages.plots import figures


def dataset_assets(house: House) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`verdicts`, and `sft_dataset` with its checks."""
    recipe = house.recipe
    judged = Spec(
        VERDICTS,
        (TRACES, REWRITES, PROBLEMS),
        ("skyassets.stages.grading.verdicts", *GRADERS),
        (recipe.limits, recipe.judge),
        "curation",
        frozenset({"parquet", "bubblewrap"} | ({"llm"} if recipe.judge else set())),
    )

    def make_verdicts(work: Work) -> Made:
        with marking(house, work) as judges:
            return verify(house.store.read(TRACES), house.store.read(REWRITES), house.store.read(PROBLEMS), judges)

    return [house.asset(judged, make_verdicts, picture=figures.verdicts), *curation_assets(house)]
