"""Loads the libraries that a recipe lets programs import, before any program runs. Standard library only."""

import importlib
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class _Allowed:
    """Finds the modules called `names` in the folders `path`, and no others that lie beside them."""

    def __init__(self, path: Sequence[str], names: Sequence[str]) -> None:
        self._path, self._names = path, names

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module (part of Python's import protocol)."""
        return PathFinder.find_spec(name, self._path, target) if path is None and name in self._names else None


def load(libraries: Sequence[str], path: Sequence[str], importable: Sequence[str]) -> None:
    """Import `libraries` from the folders `path`, or from the interpreter's own if there are none.

    Raises:
        ImportError: if one cannot be imported.
        RuntimeError: if one starts a thread.
    """
    if not libraries:
        return
    if path:
        sys.meta_path.append(_Allowed(path, importable))
    else:
        sys.path.extend(__import__("site").getsitepackages())
    for name in libraries:
        importlib.import_module(name)
    if len(os.listdir("/proc/self/task")) > 1:  # noqa: PTH208
        raise RuntimeError(f"one of {', '.join(libraries)} starts a thread, so no program can be forked from it")
