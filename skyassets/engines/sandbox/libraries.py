"""Finds the installed libraries that a recipe lets programs import, with the libraries that those need."""

import functools
import re
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path, PurePosixPath

from skyassets.core.errors import SandboxError

INSIDE = "/libraries"
"""Where a sandbox with its own file system has them."""
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Settings of libraries that would start threads, with which a process cannot be forked safely."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@functools.cache
def library_files(names: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files and folders of the libraries imported as `names`, beside each other in their own folders.

    Raises:
        SandboxError: if one is not installed.
    """
    known = metadata.packages_distributions() if names else {}
    missing = [name for name in names if name not in known]
    if missing:
        raise SandboxError(
            f"sandbox: the recipe's limits name the library {missing[0]}, which is not installed here: install it, or "
            "take it out of Limits.libraries"
        )
    found: dict[Path, None] = {}
    waiting = [each for name in names for each in known[name]]
    done: set[str] = set()
    while waiting:
        name = waiting.pop()
        key = re.sub(r"[-_.]+", "-", name).lower()
        if key in done:
            continue
        done.add(key)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # needed on other machines only
        found.update(dict.fromkeys(_entries(distribution)))
        waiting.extend(_needed(distribution.requires or ()))
    return tuple(found)


def importable(files: Iterable[Path]) -> list[str]:
    """Return the names under which the modules among `files` are imported."""
    return sorted({file.name.partition(".")[0] for file in files})


def _entries(distribution: metadata.Distribution) -> Iterable[Path]:
    """Return what a distribution has in the folder of libraries, without the scripts beside it."""
    for part in {PurePosixPath(str(file)).parts[0] for file in distribution.files or ()}:
        if part not in {"..", "/", "__pycache__"}:
            yield Path(str(distribution.locate_file(part))).resolve()


def _needed(requirements: Iterable[str]) -> Iterable[str]:
    """Return the names of the distributions that are always needed."""
    for requirement in requirements:
        if "extra" not in requirement.partition(";")[2] and (name := _NAME.match(requirement)):
            yield name[0]
