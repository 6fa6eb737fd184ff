"""Checks before publishing: whether licences and the report allow it, and what to tell the publisher."""

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from skyassets.stages.publishing.licences import UNKNOWN, Terms, spelled, terms


@dataclass(frozen=True)
class Under:
    """Licensed content to be published."""

    what: str
    """A description: rows of the data set, the base, items of a benchmark."""
    licence: str | None
    rows: int | None = None
    """None for content that is not rows."""

    def __str__(self) -> str:
        return self.what if self.rows is None else f"{self.rows:,} {self.what}"


def under_one(many: Iterable[Under]) -> dict[str, list[Under]]:
    """Content by normalized licence name."""
    found: dict[str, list[Under]] = {}
    for each in many:
        found.setdefault(spelled(each.licence), []).append(each)
    return dict(sorted(found.items()))


def forbidden(many: Iterable[Under], accepted: Collection[str]) -> list[str]:
    """Messages about licences that forbid redistribution or are unknown, and were not accepted."""
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
    """The accepted licences that were needed, for the cards."""
    wanted = {spelled(name) for name in accepted}
    return tuple(name for name in under_one(many) if name in wanted and not terms(name).allows)


def to_be_known(many: Sequence[Under]) -> list[str]:
    """Messages about share-alike licences when content of several licences is published together."""
    found = under_one(many)
    told = [
        f"{name} {terms(name)}: {', '.join(map(str, parts))}"
        for name, parts in found.items()
        if terms(name) is Terms.SHARED and len(found) > 1
    ]
    return [f"{line}; the whole is then under several licences" for line in told]


def wrong_report(checkpoints: Collection[str], checkpoint: str) -> str:
    """Why a report on `checkpoints` does not match the weights of `checkpoint`; empty if it does."""
    others = sorted({each for each in checkpoints if each} - {checkpoint})
    if not others and checkpoint in checkpoints:
        return ""
    seen = f"is on the checkpoint {others[0][:12]}" if others else "names no checkpoint"
    return f"the report {seen}, and the weights are {checkpoint[:12]}: materialize benchmark_answers and what follows"


def title(versions: Mapping[str, str]) -> str:
    """The commit title: what was published, with data versions."""
    return f"skyassets: {', '.join(f'{name} {version[:12]}' for name, version in versions.items())}"
