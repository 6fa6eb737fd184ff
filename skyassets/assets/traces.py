"""The traces: as the teacher wrote them, and in one structure."""

import dagster as dg

from skyassets.assets.builder import asset
from skyassets.core.tables.declarations import PROBLEMS, REWRITES, TRACES
from skyassets.core.tables.store import Made
from skyassets.project.completions import completer
from skyassets.project.project import Declared, House, Work
from skyassets.stages.plots import figures
from skyassets.stages.rewriting.rewrite import ModelRewriting, rewrite
from skyassets.stages.sampling.sample import sample


def trace_assets(house: House, declared: dict[str, Declared]) -> list[dg.AssetsDefinition]:
    """`teacher_traces` and `rewritten_traces`."""
    recipe = house.recipe

    def make_traces(work: Work) -> Made:
        by = completer(house, "teacher", recipe.teacher.model, work)
        return sample(house.store.read(PROBLEMS), recipe.teacher, by)

    def make_rewrites(work: Work) -> Made:
        rewriting = recipe.rewriting
        by = completer(house, "rewriter", rewriting.model, work) if isinstance(rewriting, ModelRewriting) else None
        return rewrite(house.store.read(TRACES), house.store.read(PROBLEMS), rewriting, by)

    return [
        asset(house, declared[TRACES.name], make_traces, figures.traces),
        asset(house, declared[REWRITES.name], make_rewrites, figures.rewrites),
    ]
