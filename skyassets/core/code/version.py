"""The version of code: a digest of what the code does.

Comments, docstrings, layout, module names, the order of import lines and the Python version do not affect it. The code
is not imported. Each file is read once per process, so the version is that of the running code, even if files are
edited meanwhile.
"""

import functools
import importlib.util
from collections.abc import Callable, Iterable
from pathlib import Path

from skyassets.core.code.cache import cached
from skyassets.core.code.former_versions import FORMER
from skyassets.core.code.reading import ROOT, Reading, read
from skyassets.core.errors import IdentityError
from skyassets.core.identity import digest

FOLLOWED = f"{ROOT}.stages"
"""Imports of this package are followed. Core is not: tests cover its behaviour, and its tables have their own
fingerprint, so that a reworded error message never retrains a model.
"""
DATA = (".css", ".j2")
"""Files beside a package's `__init__.py` that are part of what its code does."""


def code_version(*names: str) -> str:
    """Digest of the named modules and of every `skyassets.stages` module they import, directly or indirectly.

    A package stands for all its modules. Code that is equivalent to the previous release keeps its version.

    Raises:
        IdentityError: when there is no such module or it has no source.
    """
    version = plain_version(*names)
    return FORMER.get(version, version)


@functools.cache
def plain_version(*names: str) -> str:
    """Like `code_version`, but without the mapping to the previous release."""
    meanings = {_meaning(module) for module in _closure(names)}
    return digest(sorted(meanings - {""}))


def source_path(module: str) -> Path:
    """The file of `module`, found without running it.

    Raises:
        IdentityError: when there is no such module or it has no source.
    """
    path = _source(module)
    if path is None:
        raise IdentityError(f"cannot fingerprint the code of {module}: it has no Python source file")
    return path


def modules_of(name: str) -> tuple[str, ...]:
    """`name` itself if it is a module; if it is a package, it and every module in it.

    Raises:
        IdentityError: when there is no such module or it has no source.
    """
    path = source_path(name)
    if path.name != "__init__.py":
        return (name,)
    inside = (file.relative_to(path.parent).with_suffix("") for file in sorted(path.parent.rglob("*.py")))
    return tuple(".".join((name, *file.parts)).removesuffix(".__init__") for file in inside)


def _closure(names: Iterable[str]) -> set[str]:
    """The named modules, and every followed module that they reference, directly or indirectly."""
    seen: set[str] = set()
    waiting = [module for name in names for module in modules_of(name)]
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting.extend(each for path in _reading(module).paths for each in _followed(path))
    return seen


def _followed(path: str) -> list[str]:
    """The followed module that `path` names or leads into, and the packages that Python imports on the way."""
    module, _ = _split(path)
    parts = module.split(".")
    along = (".".join(parts[: length + 1]) for length in range(len(parts)))
    return [name for name in along if name.startswith(f"{FOLLOWED}.")]


@functools.cache
def _split(path: str) -> tuple[str, str]:
    """The module in a dotted path (its longest prefix that is one), and the rest of the path."""
    module, rest = path, ""
    while "." in module and _source(module) is None:
        module, _, name = module.rpartition(".")
        rest = f".{name}{rest}"
    return module, rest


@functools.cache
def _reading(module: str) -> Reading:
    path = source_path(module)
    return cached(path, module, lambda source: read(source, module, is_package=path.name == "__init__.py"))


@functools.cache
def _meaning(module: str) -> str:
    """The text of a module, with each followed module replaced by the digest of its own text; a package's data too."""
    path = source_path(module)
    beside = sorted(path.parent.iterdir()) if path.name == "__init__.py" else []
    data = (f"{file.name} {file.read_text(encoding='utf-8')}" for file in beside if file.suffix in DATA)
    return "".join([_reading(module).spelled(lambda path: _named(path, _own_digest)), *data])


@functools.cache
def _own_digest(module: str) -> str:
    # Only of that module: modules may import each other in a cycle, and each is part of the version itself.
    return digest(_reading(module).spelled(lambda path: _named(path, lambda _: "")))


def _named(path: str, name: Callable[[str], str]) -> str:
    module, rest = _split(path)
    return f"<{name(module) if module.startswith(f'{FOLLOWED}.') else ''}{rest}>"


@functools.cache
def _source(module: str) -> Path | None:
    """The source file of a module or a package. Only the top-level package is found by Python's import rules."""
    outermost, *rest = module.split(".")
    root = _root(outermost)
    if root is None or not rest:
        return root
    path = root.parent.joinpath(*rest)
    files = (path / "__init__.py", path.with_name(f"{path.name}.py"))
    return next((file for file in files if file.is_file()), None)


def _root(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    origin = None if spec is None else spec.origin
    return Path(origin) if origin is not None and origin.endswith(".py") else None
