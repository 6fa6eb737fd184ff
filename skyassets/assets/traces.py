"""The traces: as the teacher wrote them, and in one structure."""

import dagster as dg

from skyassets.core.ports import Model
from skyassets.core.rows.ledger import Event
from skyassets.core.tables.declarations import PROBLEMS, REWRITES, TRACES
from skyassets.core.tables.store import Made
from skyassets.project.progress import Progress
from skyassets.project.project import House, Spec, Work
from skyassets.project.serving_record import noted
from skyassets.stages.plots import figures
from skyassets.stages.rewriting.rewrite import ModelRewriting, rewrite
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.sample import sample
from skyassets.stages.sampling.usage import Bill


def trace_assets(house: House) -> list[dg.AssetsDefinition]:
    """`teacher_traces` and `rewritten_traces`."""
    recipe = house.recipe
    teacher = Spec(
        TRACES, (PROBLEMS,), ("skyassets.stages.sampling.sample",), recipe.teacher, "generation", frozenset({"llm"})
    )
    rewriter = Spec(
        REWRITES,
        (TRACES, PROBLEMS),
        ("skyassets.stages.rewriting.rewrite",),
        recipe.rewriting,
        "generation",
        frozenset({"llm"}),
    )

    def make_traces(work: Work) -> Made:
        by = completer(house, "teacher", recipe.teacher.model, work)
        return sample(house.store.read(PROBLEMS), recipe.teacher, by)

    def make_rewrites(work: Work) -> Made:
        rewriting = recipe.rewriting
        by = completer(house, "rewriter", rewriting.model, work) if isinstance(rewriting, ModelRewriting) else None
        return rewrite(house.store.read(TRACES), house.store.read(PROBLEMS), rewriting, by)

    return [
        house.asset(teacher, make_traces, picture=figures.traces),
        house.asset(rewriter, make_rewrites, picture=figures.rewrites),
    ]


def completer(house: House, role: str, model: Model, work: Work) -> Completer:
    """What gets the completions of `model` in its role, here."""
    metered = house.accounts.metered(Event.SERVING, work.asset, str(model), work.run, work.purse)
    return Completer(
        house.rows.telling(work.said),
        noted(house, work.run, house.place.serving(role, model, work.said, work.purse, metered)),
        Progress(role, work.said, work.purse).tally,
        asked_for=f"{house.recipe.name}/{work.asset}",
        run=work.run,
        bill=work.bills.setdefault(role, Bill()),
        noted=house.accounts.entries.add,
    )
