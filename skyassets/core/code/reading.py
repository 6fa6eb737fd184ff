"""The meaning of a source file, spelled from its syntax tree in the same way by every Python version.

A reference to code of this project is spelled as its dotted path, between `OPEN` and `CLOSE`, whatever form of import
bound it. Which part of the path is a module is decided later, when all files are known.
"""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

ROOT = "skyassets"
OPEN, CLOSE = "\u27e6", "\u27e7"
"""Neither can occur in the text otherwise: strings are spelled in ASCII, and identifiers cannot contain them."""

_REFERENCE = re.compile(f"{OPEN}([^{CLOSE}]*){CLOSE}")
_DOTTED = re.compile(rf"{ROOT}(\.[A-Za-z_]\w*)+")
_NO_MEANING = frozenset({"ctx", "kind", "type_comment"})
"""Fields of the syntax tree that do not affect behaviour."""


@dataclass(frozen=True)
class Reading:
    """A source file: its text, with references to this project's code, and all paths named by its imports."""

    text: str
    imports: tuple[str, ...]

    @property
    def paths(self) -> set[str]:
        """Every dotted path of this project in the file, in imports or elsewhere."""
        return {*self.imports, *_REFERENCE.findall(self.text)}

    def spelled(self, spell: Callable[[str], str]) -> str:
        """The text with each path replaced by `spell(path)`."""
        return _REFERENCE.sub(lambda match: spell(match[1]), self.text)


def read(source: str, module: str, *, is_package: bool = False) -> Reading:
    """Read the source of `module`, without docstrings and imports of this project."""
    tree = ast.parse(source)
    package = module if is_package else module.rpartition(".")[0]
    bound, imports = _imports(tree, package)
    return Reading("".join(_Speller(bound).spelled(tree)), tuple(sorted(imports)))


def _imports(tree: ast.Module, package: str) -> tuple[dict[str, str], set[str]]:
    """What imported names refer to, and every path of this project that is imported."""
    bound: dict[str, str] = {}
    paths: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if _is_ours(alias.name):
                    paths.add(alias.name)
                    bound[alias.asname or ROOT] = alias.name if alias.asname else ROOT
        elif isinstance(node, ast.ImportFrom) and _is_ours(origin := _origin(node, package)):
            for alias in node.names:
                path = origin if alias.name == "*" else f"{origin}.{alias.name}"
                paths.add(path)
                bound[alias.asname or alias.name] = path
    return bound, paths


def _origin(node: ast.ImportFrom, package: str) -> str:
    """The absolute path that a `from` import names."""
    if not node.level:
        return node.module or ""
    parts = package.split(".")
    above = parts[: len(parts) - node.level + 1]
    return ".".join([*above, *filter(None, [node.module])])


def _is_ours(path: str) -> bool:
    return path == ROOT or path.startswith(f"{ROOT}.")


class _Speller:
    """Spells a syntax tree. Empty fields are left out, because Python versions differ in which fields they have."""

    def __init__(self, bound: dict[str, str]) -> None:
        self._bound = bound

    def spelled(self, value: object) -> Iterator[str]:
        """The text of a node, a list of nodes, or a plain value."""
        match value:
            case ast.Name() | ast.Attribute() if path := self._path(value):
                yield f"{OPEN}{path}{CLOSE}"
            case ast.Constant(value=str() as text) if _DOTTED.fullmatch(text):
                yield f"{OPEN}{text}{CLOSE}"
            case ast.Constant(value=constant):
                yield ascii(constant)
            case ast.AST():
                yield from self._node(value)
            case list():
                yield "["
                for item in value:
                    yield from self.spelled(item)
                    yield ","
                yield "]"
            case _:
                yield ascii(value)

    def _node(self, node: ast.AST) -> Iterator[str]:
        yield f"{type(node).__name__}("
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, list):
                value = _joined(value) if isinstance(node, ast.JoinedStr) else [one for one in value if _counts(one)]
            if name in _NO_MEANING or value is None or value == []:
                continue
            yield f"{name}="
            yield from self.spelled(value)
            yield ";"
        yield ")"

    def _path(self, node: ast.expr) -> str:
        """The path of this project that a name or attribute chain refers to; empty for anything else."""
        match node:
            case ast.Name(id=name):
                return self._bound.get(name, "")
            case ast.Attribute(value=inner, attr=name) if path := self._path(inner):
                return f"{path}.{name}"
            case _:
                return ""


def _counts(node: object) -> bool:
    """Whether a statement has an effect: bare strings have none, and imports of this project are spelled where used."""
    match node:
        case ast.Expr(value=ast.Constant(value=str())):
            return False
        case ast.Import(names=names):
            return not all(_is_ours(alias.name) for alias in names)
        case ast.ImportFrom(level=level, module=module):
            return not level and not _is_ours(module or "")
        case _:
            return True


def _joined(values: list[ast.expr]) -> list[ast.expr]:
    """The parts of an f-string, with adjacent texts joined and empty ones removed; Python versions differ here."""
    parts: list[ast.expr] = []
    for value in values:
        last = parts[-1] if parts else None
        if isinstance(value, ast.Constant) and isinstance(last, ast.Constant):
            parts[-1] = ast.Constant(str(last.value) + str(value.value))
        elif not isinstance(value, ast.Constant) or value.value:
            parts.append(value)
    return parts
