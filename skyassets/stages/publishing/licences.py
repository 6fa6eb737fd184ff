"""Licences by name, and the redistribution terms of their texts. Data for `publish`; not legal advice."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = "unknown"
"""The name of an unstated licence."""


class Terms(StrEnum):
    """A licence's conditions for redistributing the work or a derived work."""

    FREE = "asks nothing"
    NAMED = "asks for the notice and the names of the authors"
    SHARED = "asks that what is made from it is passed on under the same licence"
    NOT_SOLD = "allows no commercial use"
    UNCHANGED = "allows no changed versions to be passed on"
    OWN = "has terms of its own, with uses that it forbids"
    UNSTATED = "is not known"

    @property
    def allows(self) -> bool:
        """Whether a modified work may be redistributed for any use."""
        return self in (Terms.FREE, Terms.NAMED, Terms.SHARED)


@dataclass(frozen=True)
class Licence:
    """A licence: its SPDX identifier (or its publisher's name for it), its terms, and its hub name."""

    name: str
    terms: Terms
    hub: str = ""
    """Empty if it is the name in lower case."""
    also: tuple[str, ...] = ()
    """Other spellings that sources use."""

    @property
    def on_hub(self) -> str:
        """The hub's name for the licence."""
        return self.hub or self.name.lower()


LICENCES = (
    Licence("CC0-1.0", Terms.FREE, also=("cc0",)),
    Licence("Unlicense", Terms.FREE),
    Licence("PDDL-1.0", Terms.FREE, hub="pddl", also=("pddl",)),
    Licence("WTFPL", Terms.FREE),
    Licence("MIT", Terms.NAMED, also=("mit license", "the mit license")),
    Licence("Apache-2.0", Terms.NAMED, also=("apache 2.0", "apache license 2.0", "apache license, version 2.0")),
    Licence("BSD-2-Clause", Terms.NAMED),
    Licence("BSD-3-Clause", Terms.NAMED),
    Licence("ISC", Terms.NAMED),
    Licence("CC-BY-3.0", Terms.NAMED),
    Licence("CC-BY-4.0", Terms.NAMED, also=("cc by 4.0",)),
    Licence("ODC-By-1.0", Terms.NAMED, hub="odc-by", also=("odc-by",)),
    Licence("CDLA-Permissive-2.0", Terms.NAMED),
    Licence("CC-BY-SA-3.0", Terms.SHARED),
    Licence("CC-BY-SA-4.0", Terms.SHARED, also=("cc by-sa 4.0",)),
    Licence("ODbL-1.0", Terms.SHARED, hub="odbl", also=("odbl",)),
    Licence("GPL-3.0-only", Terms.SHARED, hub="gpl-3.0", also=("gpl-3.0", "gpl-3.0-or-later")),
    Licence("AGPL-3.0-only", Terms.SHARED, hub="agpl-3.0", also=("agpl-3.0", "agpl-3.0-or-later")),
    Licence("MPL-2.0", Terms.SHARED),
    Licence("CC-BY-NC-3.0", Terms.NOT_SOLD),
    Licence("CC-BY-NC-4.0", Terms.NOT_SOLD, also=("cc by-nc 4.0",)),
    Licence("CC-BY-NC-SA-3.0", Terms.NOT_SOLD),
    Licence("CC-BY-NC-SA-4.0", Terms.NOT_SOLD, also=("cc by-nc-sa 4.0",)),
    Licence("CC-BY-NC-ND-4.0", Terms.NOT_SOLD),
    Licence("CC-BY-ND-4.0", Terms.UNCHANGED),
    Licence("llama2", Terms.OWN),
    Licence("llama3", Terms.OWN),
    Licence("llama3.1", Terms.OWN),
    Licence("llama3.2", Terms.OWN),
    Licence("llama3.3", Terms.OWN),
    Licence("llama4", Terms.OWN),
    Licence("gemma", Terms.OWN),
    Licence("openrail", Terms.OWN),
    Licence("bigscience-openrail-m", Terms.OWN),
)
"""The terms were read from the text of the stated version of each licence."""

_BY_NAME = {name.lower(): each for each in LICENCES for name in (each.name, each.on_hub, *each.also)}


def spelled(name: str | None) -> str:
    """Normalize a licence name: the SPDX identifier if there is one, else `name` in one line, or UNKNOWN."""
    line = " ".join((name or "").split())
    known = _BY_NAME.get(line.lower())
    return known.name if known else line or UNKNOWN


def terms(name: str | None) -> Terms:
    """The terms of the licence `name`; UNSTATED if it is not listed here."""
    known = _BY_NAME.get(spelled(name).lower())
    return known.terms if known else Terms.UNSTATED


def on_hub(name: str | None) -> str:
    """The hub's name for a licence; empty if there is none."""
    known = _BY_NAME.get(spelled(name).lower())
    return known.on_hub if known else ""


def accepted_in_words(accepted: Sequence[str]) -> str:
    """A card's sentence on the licences that the publisher accepted."""
    what = "; ".join(
        f"{name} {terms(name)}" if name != UNKNOWN else "a licence that nobody states" for name in accepted
    )
    return f"Accepted by the publisher, as far as the licences' own words go: {what}."
