"""What goes to a hub: files, each with its place there, in parcels of one repository. Decides and sends nothing."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

UNNAMED = "(not named)"
"""Stands for a repository that nobody has named yet."""


class Kind(StrEnum):
    """The kinds of repositories, by the hub's names."""

    MODEL = "model"
    DATA = "dataset"


@dataclass(frozen=True)
class Item:
    """A file that goes: a file that lies here, or `content` that was written for the hub."""

    path: str
    """Within the repository."""
    size: int
    """In bytes."""
    sha256: str
    content: bytes | Path


@dataclass(frozen=True)
class Parcel:
    """All that goes into one repository, as one commit."""

    kind: Kind
    repo: str
    """OWNER/NAME, or UNNAMED."""
    items: tuple[Item, ...]
    title: str
    """Of the commit: it names the data versions."""

    @property
    def size(self) -> int:
        """Bytes of all items together."""
        return sum(item.size for item in self.items)


@dataclass(frozen=True)
class Publication:
    """The parcels, what forbids to send them, and what else should be known before."""

    parcels: tuple[Parcel, ...]
    refused: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pushed:
    """What became of a parcel: the paths that were sent, were there already, or were removed as outdated."""

    url: str
    sent: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    """Files of the repository that are none of ours, and stay."""
    is_private: bool = True
