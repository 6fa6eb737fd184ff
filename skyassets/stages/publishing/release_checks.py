"""What forbids to publish, and what should be known before: licences and the report, judged from values."""

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from skyassets.stages.publishing.licences import UNKNOWN, Terms, spelled, terms


@dataclass(frozen=True)
class Under:
    """Something that goes to the hub and stands under a licence."""

    what: str
    """In words: rows of the data set, the base, items of a benchmark."""
    licence: str | None
    rows: int | None = None
    """None for what is no rows."""

    def __str__(self) -> str:
        return self.what if self.rows is None else f"{self.rows:,} {self.what}"


def under_one(many: Iterable[Under]) -> dict[str, list[Under]]:
    """What stands under each licence, by the licence's common spelling."""
    found: dict[str, list[Under]] = {}
    for each in many:
        found.setdefault(spelled(each.licence), []).append(each)
    return dict(sorted(found.items()))


def forbidden(many: Iterable[Under], accepted: Collection[str]) -> list[str]:
    """The licences that, as far as their own words go, forbid to pass something on, or are not known."""
    taken = {spelled(name) for name in accepted}
    told = []
    for name, parts in under_one(many).items():
        if terms(name).allows or name in taken:
            continue
        what = ", ".join(map(str, parts))
        said = "nobody states the licence of" if name == UNKNOWN else f"{name} {terms(name)}:"
        told.append(f"{said} {what}; if you may publish it, say so: --accept-licence {shlex.quote(name)}")
    return told


def taken(many: Iterable[Under], accepted: Collection[str]) -> tuple[str, ...]:
    """The licences that the publisher accepted and that were needed: what the cards say."""
    wanted = {spelled(name) for name in accepted}
    return tuple(name for name in under_one(many) if name in wanted and not terms(name).allows)


def to_be_known(many: Sequence[Under]) -> list[str]:
    """What licences that allow to publish ask for."""
    found = under_one(many)
    told = [
        f"{name} {terms(name)}: {', '.join(map(str, parts))}"
        for name, parts in found.items()
        if terms(name) is Terms.SHARED and len(found) > 1
    ]
    return [f"{line}; the whole is then under several licences" for line in told]


def wrong_report(checkpoints: Collection[str], checkpoint: str) -> str:
    """What is wrong with a report on `checkpoints` beside the weights of `checkpoint`; empty when nothing is."""
    others = sorted({each for each in checkpoints if each} - {checkpoint})
    if not others and checkpoint in checkpoints:
        return ""
    seen = f"is on the checkpoint {others[0][:12]}" if others else "names no checkpoint"
    return f"the report {seen}, and the weights are {checkpoint[:12]}: materialize benchmark_answers and what follows"


def title(versions: Mapping[str, str]) -> str:
    """The commit's title: what was published, by its data versions."""
    return f"skyassets: {', '.join(f'{name} {version[:12]}' for name, version in versions.items())}"
