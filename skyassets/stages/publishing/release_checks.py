"""Checks before publishing: whether licences and the report allow it, and what to tell the publisher."""

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from skyassets.stages.publishing.licences import UNKNOWN, LicenceTerms, spelled, terms


@dataclass(frozen=True)
class LicensedContent:
    """Licensed content to be published."""

    what: str
    """A description: rows of the data set, the base, items of a benchmark."""
    licence: str | None
    rows: int | None = None
    """None for content that is not rows."""

    def __str__(self) -> str:
        return self.what if self.rows is None else f"{self.rows:,} {self.what}"


def by_licence(many: Iterable[LicensedContent]) -> dict[str, list[LicensedContent]]:
    """Content by normalized licence name."""
    groups: dict[str, list[LicensedContent]] = {}
    for each in many:
        groups.setdefault(spelled(each.licence), []).append(each)
    return dict(sorted(groups.items()))


def forbidden(many: Iterable[LicensedContent], accepted: Collection[str]) -> list[str]:
    """Messages about licences that forbid redistribution or are unknown, and were not accepted."""
    accepted_names = {spelled(name) for name in accepted}
    messages = []
    for name, parts in by_licence(many).items():
        if terms(name).allows or name in accepted_names:
            continue
        what = ", ".join(map(str, parts))
        problem = f"the licence of {what} is unknown" if name == UNKNOWN else f"{name} {terms(name)}: {what}"
        messages.append(f"{problem}; if you may publish it, pass --accept-licence {shlex.quote(name)}")
    return messages


def used_acceptances(many: Iterable[LicensedContent], accepted: Collection[str]) -> tuple[str, ...]:
    """The accepted licences that were needed, for the cards."""
    accepted_names = {spelled(name) for name in accepted}
    return tuple(name for name in by_licence(many) if name in accepted_names and not terms(name).allows)


def share_alike_notes(many: Sequence[LicensedContent]) -> list[str]:
    """Messages about share-alike licences when content of several licences is published together."""
    groups = by_licence(many)
    lines = [
        f"{name} {terms(name)}: {', '.join(map(str, parts))}"
        for name, parts in groups.items()
        if terms(name) is LicenceTerms.SHARE_ALIKE and len(groups) > 1
    ]
    return [f"{line}; the whole is then under several licences" for line in lines]


def report_mismatch(checkpoints: Collection[str], checkpoint: str) -> str:
    """Why a report on `checkpoints` does not match the weights of `checkpoint`; empty if it does."""
    others = sorted({each for each in checkpoints if each} - {checkpoint})
    if not others and checkpoint in checkpoints:
        return ""
    seen = f"is on the checkpoint {others[0][:12]}" if others else "names no checkpoint"
    return f"the report {seen}, and the weights are {checkpoint[:12]}: materialize benchmark_answers and what follows"


def commit_title(versions: Mapping[str, str]) -> str:
    """The commit title: what was published, with data versions."""
    return f"skyassets: {', '.join(f'{name} {version[:12]}' for name, version in versions.items())}"
