"""Licences by name, and the redistribution terms of their texts. Data for `publish`; not legal advice."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

UNKNOWN = "unknown"
"""The name of an unstated licence."""


class LicenceTerms(StrEnum):
    """A licence's conditions for redistributing the work or a derived work."""

    UNCONDITIONAL = "has no conditions"
    ATTRIBUTION = "requires attribution"
    SHARE_ALIKE = "requires the same licence for derived works"
    NON_COMMERCIAL = "forbids commercial use"
    NO_DERIVATIVES = "forbids distributing modified versions"
    CUSTOM = "has terms of its own that forbid some uses"
    UNKNOWN = "is unknown"

    @property
    def allows(self) -> bool:
        """Whether a modified work may be redistributed for any use."""
        return self in (LicenceTerms.UNCONDITIONAL, LicenceTerms.ATTRIBUTION, LicenceTerms.SHARE_ALIKE)


@dataclass(frozen=True)
class Licence:
    """A licence: its SPDX identifier (or its publisher's name for it), its terms, and its hub name."""

    name: str
    terms: LicenceTerms
    hub: str = ""
    """Empty if it is the name in lower case."""
    also: tuple[str, ...] = ()
    """Other spellings that sources use."""

    @property
    def on_hub(self) -> str:
        """The hub's name for the licence."""
        return self.hub or self.name.lower()


LICENCES = (
    Licence("CC0-1.0", LicenceTerms.UNCONDITIONAL, also=("cc0",)),
    Licence("Unlicense", LicenceTerms.UNCONDITIONAL),
    Licence("PDDL-1.0", LicenceTerms.UNCONDITIONAL, hub="pddl", also=("pddl",)),
    Licence("WTFPL", LicenceTerms.UNCONDITIONAL),
    Licence("MIT", LicenceTerms.ATTRIBUTION, also=("mit license", "the mit license")),
    Licence(
        "Apache-2.0", LicenceTerms.ATTRIBUTION, also=("apache 2.0", "apache license 2.0", "apache license, version 2.0")
    ),
    Licence("BSD-2-Clause", LicenceTerms.ATTRIBUTION),
    Licence("BSD-3-Clause", LicenceTerms.ATTRIBUTION),
    Licence("ISC", LicenceTerms.ATTRIBUTION),
    Licence("CC-BY-3.0", LicenceTerms.ATTRIBUTION),
    Licence("CC-BY-4.0", LicenceTerms.ATTRIBUTION, also=("cc by 4.0",)),
    Licence("ODC-By-1.0", LicenceTerms.ATTRIBUTION, hub="odc-by", also=("odc-by",)),
    Licence("CDLA-Permissive-2.0", LicenceTerms.ATTRIBUTION),
    Licence("CC-BY-SA-3.0", LicenceTerms.SHARE_ALIKE),
    Licence("CC-BY-SA-4.0", LicenceTerms.SHARE_ALIKE, also=("cc by-sa 4.0",)),
    Licence("ODbL-1.0", LicenceTerms.SHARE_ALIKE, hub="odbl", also=("odbl",)),
    Licence("GPL-3.0-only", LicenceTerms.SHARE_ALIKE, hub="gpl-3.0", also=("gpl-3.0", "gpl-3.0-or-later")),
    Licence("AGPL-3.0-only", LicenceTerms.SHARE_ALIKE, hub="agpl-3.0", also=("agpl-3.0", "agpl-3.0-or-later")),
    Licence("MPL-2.0", LicenceTerms.SHARE_ALIKE),
    Licence("CC-BY-NC-3.0", LicenceTerms.NON_COMMERCIAL),
    Licence("CC-BY-NC-4.0", LicenceTerms.NON_COMMERCIAL, also=("cc by-nc 4.0",)),
    Licence("CC-BY-NC-SA-3.0", LicenceTerms.NON_COMMERCIAL),
    Licence("CC-BY-NC-SA-4.0", LicenceTerms.NON_COMMERCIAL, also=("cc by-nc-sa 4.0",)),
    Licence("CC-BY-NC-ND-4.0", LicenceTerms.NON_COMMERCIAL),
    Licence("CC-BY-ND-4.0", LicenceTerms.NO_DERIVATIVES),
    Licence("llama2", LicenceTerms.CUSTOM),
    Licence("llama3", LicenceTerms.CUSTOM),
    Licence("llama3.1", LicenceTerms.CUSTOM),
    Licence("llama3.2", LicenceTerms.CUSTOM),
    Licence("llama3.3", LicenceTerms.CUSTOM),
    Licence("llama4", LicenceTerms.CUSTOM),
    Licence("gemma", LicenceTerms.CUSTOM),
    Licence("openrail", LicenceTerms.CUSTOM),
    Licence("bigscience-openrail-m", LicenceTerms.CUSTOM),
)
"""The terms were read from the text of the stated version of each licence."""

_BY_NAME = {name.lower(): each for each in LICENCES for name in (each.name, each.on_hub, *each.also)}


def spelled(name: str | None) -> str:
    """Normalize a licence name: the SPDX identifier if there is one, else `name` in one line, or UNKNOWN."""
    line = " ".join((name or "").split())
    known = _BY_NAME.get(line.lower())
    return known.name if known else line or UNKNOWN


def terms(name: str | None) -> LicenceTerms:
    """The terms of the licence `name`; UNSTATED if it is not listed here."""
    known = _BY_NAME.get(spelled(name).lower())
    return known.terms if known else LicenceTerms.UNKNOWN


def on_hub(name: str | None) -> str:
    """The hub's name for a licence; empty if there is none."""
    known = _BY_NAME.get(spelled(name).lower())
    return known.on_hub if known else ""


def accepted_in_words(accepted: Sequence[str]) -> str:
    """A card's sentence on the licences that the publisher accepted."""
    what = "; ".join(f"{name} {terms(name)}" if name != UNKNOWN else "an unknown licence" for name in accepted)
    return f"Accepted by the publisher, as far as the licences' own words go: {what}."
