"""What is uploaded to the Hub: files with their paths, grouped by repository. Pure data."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

UNNAMED = "(not named)"
"""Placeholder for a repository that is not named yet."""


class Kind(StrEnum):
    """The Hub's repository types."""

    MODEL = "model"
    DATA = "dataset"


@dataclass(frozen=True)
class Item:
    """A file to upload: a local file, or `content` generated for the Hub."""

    path: str
    """Within the repository."""
    size: int
    """In bytes."""
    sha256: str
    content: bytes | Path


@dataclass(frozen=True)
class Parcel:
    """Everything uploaded to one repository, as one commit."""

    kind: Kind
    repo: str
    """OWNER/NAME, or UNNAMED."""
    items: tuple[Item, ...]
    title: str
    """Title of the commit, with the data versions."""

    @property
    def size(self) -> int:
        """Total bytes of all items."""
        return sum(item.size for item in self.items)


@dataclass(frozen=True)
class Publication:
    """The parcels, what prevents sending them, and what to know before."""

    parcels: tuple[Parcel, ...]
    refused: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pushed:
    """The result of uploading a parcel: paths that were sent, already present, or removed as outdated."""

    url: str
    sent: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    """Files of the repository that were not uploaded by skyassets, and are kept."""
    is_private: bool = True
