"""The data set: verdicts on traces and rewrites, and the examples that are worth learning from."""

import dagster as dg

from skyassets.assets.builder import asset
from skyassets.assets.curation import curation_assets
from skyassets.core.tables.declarations import PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.core.tables.store import Made
from skyassets.project.graders import marking
from skyassets.project.project import Declared, House, Work
from skyassets.stages.grading.verdicts import verify
from skyassets.stages.plots import figures


def dataset_assets(house: House, declared: dict[str, Declared]) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`verdicts`, and `sft_dataset` with its checks."""

    def make_verdicts(work: Work) -> Made:
        with marking(house, work) as judges:
            return verify(house.store.read(TRACES), house.store.read(REWRITES), house.store.read(PROBLEMS), judges)

    return [asset(house, declared[VERDICTS.name], make_verdicts, figures.verdicts), *curation_assets(house, declared)]
