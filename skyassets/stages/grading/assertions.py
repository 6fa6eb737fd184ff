"""Whether tests as source can fail at all: tests that assert nothing would pass every program."""

import ast

_ENDS = frozenset({"exit", "quit", "_exit", "abort", "fail"})
_RUNNERS = frozenset({"main", "TextTestRunner", "testmod"})


def asserts_nothing(source: str) -> bool:
    """Whether no statement that is reached asserts or raises anything. Source that does not parse is not judged."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    used = {name for node in ast.walk(tree) if (name := _used(node))}
    # A runner finds the tests by itself.
    if used & _RUNNERS:
        return False
    return not any(_can_fail(node) for statement in tree.body for node in _reached(statement, used))


def _used(node: ast.AST) -> str | None:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else None


def _reached(statement: ast.stmt, used: set[str]) -> list[ast.AST]:
    """The nodes of a statement; none of a function or class that nothing uses."""
    match statement:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name) if name not in used:
            return []
    return list(ast.walk(statement))


def _can_fail(node: ast.AST) -> bool:
    if isinstance(node, ast.Assert | ast.Raise):
        return True
    if not isinstance(node, ast.Call):
        return False
    name = _used(node.func) or ""
    return name in _ENDS or "assert" in name.lower()
