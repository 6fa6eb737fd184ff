"""The git commit of the running code, if it is in a checkout. Changes nothing there."""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECONDS = 20.0
"""Longest wait for git, which may run on a slow disk."""


@dataclass(frozen=True)
class Commit:
    """A commit, and whether files of the code differ from it."""

    name: str
    is_dirty: bool


@functools.lru_cache
def commit_of(folder: Path) -> Commit | None:
    """Return the commit of the code in `folder`; None without git, or if no checkout tracks that folder's files.

    A folder that is merely inside a checkout, such as a package in a virtual environment, does not count.
    """
    git = shutil.which("git")
    if git is None or _output(git, folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    name = _output(git, folder, "rev-parse", "HEAD")
    changes = _output(git, folder, "status", "--porcelain", "--", ".")
    return None if not name or changes is None else Commit(name, bool(changes))


def _output(git: str, folder: Path, *words: str) -> str | None:
    """Return git's stripped output; None if it fails or takes too long."""
    # Take no lock for reading, and never prompt for a password.
    quiet = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            [git, *words], cwd=folder, env=quiet, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
