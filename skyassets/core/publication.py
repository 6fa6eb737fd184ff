"""What is uploaded to the Hub: files with their paths, grouped by repository. Pure data."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

UNNAMED = "(not named)"
"""Placeholder for a repository that is not named yet."""


class RepoType(StrEnum):
    """The Hub's repository types."""

    MODEL = "model"
    DATA = "dataset"


@dataclass(frozen=True)
class RepoFile:
    """A file to upload: a local file, or `content` generated for the Hub."""

    path: str
    """Within the repository."""
    size: int
    """In bytes."""
    sha256: str
    content: bytes | Path


@dataclass(frozen=True)
class RepoUpload:
    """Everything uploaded to one repository, as one commit."""

    repo_type: RepoType
    repo: str
    """OWNER/NAME, or UNNAMED."""
    files: tuple[RepoFile, ...]
    title: str
    """Title of the commit, with the data versions."""

    @property
    def size(self) -> int:
        """Total bytes of all files."""
        return sum(file.size for file in self.files)


@dataclass(frozen=True)
class Publication:
    """The uploads, what prevents sending them, and what to know before."""

    uploads: tuple[RepoUpload, ...]
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class UploadResult:
    """The result of an upload: paths that were sent, already present, or removed as outdated."""

    url: str
    sent: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    """Files of the repository that were not uploaded by skyassets, and are kept."""
    is_private: bool = True
