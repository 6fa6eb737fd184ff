"""What gets completions from a model in its role, with everything that is kept and counted on the way."""

from skyassets.core.ports import Model
from skyassets.core.rows.ledger import Event
from skyassets.project.progress import Progress
from skyassets.project.project import House, Work
from skyassets.project.serving_record import noted
from skyassets.stages.sampling.completions import Completer
from skyassets.stages.sampling.usage import Bill


def completer(house: House, role: str, model: Model, work: Work) -> Completer:
    """What gets the completions of `model` in its role, here."""
    metered = house.accounts.metered(Event.SERVING, work.asset, str(model), work.run.id, work.purse)
    return Completer(
        house.rows.telling(work.said),
        noted(house, work.run.id, house.place.serving(role, model, work.said, work.purse, metered)),
        Progress(role, work.said, work.purse).tally,
        asked_for=f"{house.recipe.name}/{work.asset}",
        run=work.run.id,
        bill=work.bills.setdefault(role, Bill()),
        noted=house.accounts.entries.add,
    )
