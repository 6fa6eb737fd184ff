"""The data set: verdicts on traces and rewrites, and the examples worth training on."""

import dagster as dg

from skyassets.assets.builder import asset
from skyassets.assets.curation import curation_assets
from skyassets.core.tables.declarations import PROBLEMS, REWRITES, TRACES, VERDICTS
from skyassets.core.tables.store import StageResult
from skyassets.project.graders import grading
from skyassets.project.project import AssetDeclaration, BuildContext, Project
from skyassets.stages.grading.verdicts import verify
from skyassets.stages.plots import figures


def dataset_assets(
    project: Project, declared: dict[str, AssetDeclaration]
) -> list[dg.AssetsDefinition | dg.AssetChecksDefinition]:
    """`verdicts`, and `sft_dataset` with its checks."""

    def make_verdicts(work: BuildContext) -> StageResult:
        with grading(project, work) as judges:
            return verify(
                project.store.read(TRACES), project.store.read(REWRITES), project.store.read(PROBLEMS), judges
            )

    return [
        asset(project, declared[VERDICTS.name], make_verdicts, figures.verdicts),
        *curation_assets(project, declared),
    ]
