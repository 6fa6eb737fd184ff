"""The traces: as the teacher wrote them, and rewritten into one structure."""

import dagster as dg

from skyassets.assets.builder import asset
from skyassets.core.tables.declarations import PROBLEMS, REWRITES, TRACES
from skyassets.core.tables.store import StageResult
from skyassets.project.completions import completer
from skyassets.project.project import AssetDeclaration, BuildContext, Project
from skyassets.stages.plots import figures
from skyassets.stages.rewriting.rewrite import ModelRewriting, rewrite
from skyassets.stages.sampling.sample import sample


def trace_assets(project: Project, declared: dict[str, AssetDeclaration]) -> list[dg.AssetsDefinition]:
    """`teacher_traces` and `rewritten_traces`."""
    recipe = project.recipe

    def make_traces(work: BuildContext) -> StageResult:
        by = completer(project, "teacher", recipe.teacher.model, work)
        return sample(project.store.read(PROBLEMS), recipe.teacher, by)

    def make_rewrites(work: BuildContext) -> StageResult:
        rewriting = recipe.rewriting
        by = completer(project, "rewriter", rewriting.model, work) if isinstance(rewriting, ModelRewriting) else None
        return rewrite(project.store.read(TRACES), project.store.read(PROBLEMS), rewriting, by)

    return [
        asset(project, declared[TRACES.name], make_traces, figures.traces),
        asset(project, declared[REWRITES.name], make_rewrites, figures.rewrites),
    ]
