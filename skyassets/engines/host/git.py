"""The commit that the running code is of, where it lies in a git checkout. Only looks; changes nothing there."""

import functools
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SECONDS = 20.0
"""Longest wait for git, which may have a slow disk to look through."""


@dataclass(frozen=True)
class Commit:
    """A commit, and whether files of the code differ from it."""

    name: str
    is_dirty: bool


@functools.lru_cache
def commit_of(folder: Path) -> Commit | None:
    """The commit of the code in `folder`; None without git, or where no checkout has that folder's files.

    A folder that merely lies inside somebody's checkout (an installed package in a virtual environment) is not of it.
    """
    git = shutil.which("git")
    if git is None or _said(git, folder, "ls-files", "--error-unmatch", "__init__.py") is None:
        return None
    name = _said(git, folder, "rev-parse", "HEAD")
    changed = _said(git, folder, "status", "--porcelain", "--", ".")
    return None if not name or changed is None else Commit(name, bool(changed))


def _said(git: str, folder: Path, *words: str) -> str | None:
    """What git says, without its ends; None when it refuses or takes too long."""
    # No lock is taken for a look, and nobody is asked for a password.
    quiet = os.environ | {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    try:
        done = subprocess.run(
            [git, *words], cwd=folder, env=quiet, capture_output=True, text=True, check=False, timeout=SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
