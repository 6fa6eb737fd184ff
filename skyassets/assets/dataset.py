"""The data set: verdicts on traces and rewrites, and the examples that are worth learning from."""

import dagster as dg

from skyassets.assets.curation import curation_assets
from skyassets.assets.grading import GRADERS, marking
from skyassets.assets.house import House, Spec, Work
from skyassets.core.table_store import Made
from skyassets.core.tables import PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.stages import pictures
from skyassets.stages.verify import verify


def dataset_assets(house: House) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`verdicts`, and `sft_dataset` with its checks."""
    recipe = house.recipe
    judged = Spec(
        VERDICTS,
        (TRACES, REWRITES, PROBLEMS),
        ("skyassets.stages.verify", *GRADERS),
        (recipe.limits, recipe.judge),
        "curation",
        frozenset({"parquet", "bubblewrap"} | ({"llm"} if recipe.judge else set())),
    )

    def make_verdicts(work: Work) -> Made:
        with marking(house, work) as judges:
            return verify(house.store.read(TRACES), house.store.read(REWRITES), house.store.read(PROBLEMS), judges)

    return [house.asset(judged, make_verdicts, picture=pictures.verdicts), *curation_assets(house)]
