"""The traces: as the teacher wrote them, and in one structure."""

import dagster as dg

from skyassets.assets.house import House, Spec, Work
from skyassets.assets.progress import Progress
from skyassets.assets.served import noted
from skyassets.core.ledger_entries import Event
from skyassets.core.ports import Model
from skyassets.core.table_store import Made
from skyassets.core.tables import PROBLEMS, REWRITES, TRACES
from skyassets.stages import pictures
from skyassets.stages.bill import Bill
from skyassets.stages.complete import Completer
from skyassets.stages.rewrite import ModelRewriting, rewrite
from skyassets.stages.sample import sample


def trace_assets(house: House) -> list[dg.AssetsDefinition]:
    """`teacher_traces` and `rewritten_traces`."""
    recipe = house.recipe
    teacher = Spec(TRACES, (PROBLEMS,), ("skyassets.stages.sample",), recipe.teacher, "generation", frozenset({"llm"}))
    rewriter = Spec(
        REWRITES, (TRACES, PROBLEMS), ("skyassets.stages.rewrite",), recipe.rewriting, "generation", frozenset({"llm"})
    )

    def make_traces(work: Work) -> Made:
        by = completer(house, "teacher", recipe.teacher.model, work)
        return sample(house.store.read(PROBLEMS), recipe.teacher, by)

    def make_rewrites(work: Work) -> Made:
        rewriting = recipe.rewriting
        by = completer(house, "rewriter", rewriting.model, work) if isinstance(rewriting, ModelRewriting) else None
        return rewrite(house.store.read(TRACES), house.store.read(PROBLEMS), rewriting, by)

    return [
        house.asset(teacher, make_traces, picture=pictures.traces),
        house.asset(rewriter, make_rewrites, picture=pictures.rewrites),
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
