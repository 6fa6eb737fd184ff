"""The version of code: a digest of what it does, blind to comments, docstrings and layout. Imports nothing it reads."""

import ast
import functools
import importlib.util
from collections.abc import Iterator
from pathlib import Path

from skyassets.core.code_notes import Reading, noted
from skyassets.core.errors import IdentityError
from skyassets.core.identity import digest

FOLLOWED = "skyassets.stages"
"""Imports of this package are followed. Core is not: its promises are kept by tests, and its tables carry
their own fingerprint, so that a reworded error message never retrains a model."""

BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Where a statement keeps other statements."""


def code_version(*modules: str) -> str:
    """Digest of the named modules and of every `skyassets.stages` module they import, directly or not."""
    seen: dict[str, str] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        path = source_path(name)
        reading = _read(path, path.stat().st_mtime_ns)
        seen[name] = reading.meaning
        waiting.extend(found for found in reading.imports if found not in seen and _is_module(found))
    return digest(sorted(seen.items()))


def source_path(module: str) -> Path:
    """The file of `module`, found without running it.

    Raises:
        IdentityError: when there is no such module or it has no source.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        raise IdentityError(f"cannot fingerprint the code of {module}: no Python source was found for it")
    return Path(spec.origin)


def meaning(source: str) -> str:
    """The source re-spelled from its syntax tree, without docstrings, so that equal text means equal behaviour."""
    return _spelled(ast.parse(source))


def read(source: str) -> Reading:
    """What `source` means, and the modules of the followed package that it names."""
    tree = ast.parse(source)
    imports = tuple(sorted(_imports(tree)))
    return Reading(_spelled(tree), imports)


def _spelled(tree: ast.Module) -> str:
    """The text of `tree`, which loses its docstrings."""
    for node in _statements(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        # A bare string anywhere in a body does nothing: docstrings of modules, classes, functions and attributes.
        kept = [line for line in node.body if not _is_bare_string(line)]
        node.body = kept or [ast.Pass()]
    return ast.unparse(tree)


def _is_bare_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Every node that is or holds statements; not the expressions, which are nine nodes of ten."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        for name in BLOCKS:
            if isinstance(block := getattr(node, name, None), list):
                waiting.extend(block)


@functools.lru_cache(maxsize=512)
def _read(path: Path, _mtime_ns: int) -> Reading:
    return noted(path, read)


def _imports(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            # To look for a module below another one would run that one.
            if node.module == FOLLOWED:
                found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in found if name.startswith(FOLLOWED + ".")}


def _is_module(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
