"""Tells a program that lacks a library from a wrong one: judges of programs offer libraries that may be absent here."""

import ast
import re

LIBRARIES = frozenset({
    "acl", "atcoder", "bitarray", "cachetools", "cytoolz", "dateutil", "gmpy2", "intervaltree", "llvmlite",
    "more_itertools", "mpmath", "networkx", "numba", "numpy", "ortools", "pandas", "primesieve", "pulp", "pydantic",
    "pytz", "regex", "scipy", "shapely", "six", "sortedcontainers", "statsmodels", "sympy", "toolz", "z3",
})  # fmt: skip
"""Libraries that judges of contests and exercises offer. A program that needs another one is wrong everywhere."""
_MISSING = re.compile(r"ModuleNotFoundError: No module named '([A-Za-z_]\w*)")


def missing_library(source: str, detail: str) -> str | None:
    """The library that a run lacked by its own account, `detail`, if it exists and `source` does import it."""
    missing = {str(name) for name in _MISSING.findall(detail)} & LIBRARIES
    return next(iter(sorted(missing & _imported(source))), None) if missing else None


def missing_module(detail: str) -> str | None:
    """The module that trusted tests lacked by their account, if any."""
    found = _MISSING.search(detail)
    return found[1] if found else None


def _imported(source: str) -> set[str]:
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return set()
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom) and not node.level]
    return {name.partition(".")[0] for name in names}
