"""Extracts code from a text, without judging it.

The strict mode accepts only the requested form: exactly one code block after the thinking. The lenient mode takes the
last block that is a program, not a program's output or an example of its use.
"""

import ast
import builtins
import re
import sys
import textwrap
from typing import NamedTuple

from skyassets.stages.extraction.final_answer import solution

_FENCE = re.compile(r"^[ \t]*```([^\n`]*)$", re.MULTILINE)
_DEFINITION = re.compile(r"^\s*(?:async\s+def|def|class)\s", re.MULTILINE)
_DEFINED = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)|^(\w+)\s*=\s*lambda\b", re.MULTILINE)
_PYTHON = frozenset({"python", "python3", "py"})
_LONGEST_SOURCE = 100_000


class _Block(NamedTuple):
    language: str
    source: str


def strict_code(text: str) -> str | None:
    """The code of the solution's only block; None if there is no block or more than one."""
    part = solution(text)
    if part is None:
        return None
    blocks, closed = _blocks(part)
    return blocks[0].source if closed and len(blocks) == 1 and blocks[0].source.strip() else None


def lenient_code(text: str) -> str | None:
    """The last block that is a program, else the last block, else the whole text if it is Python.

    Blocks labelled as Python, or without a label, are preferred.
    """
    for part in dict.fromkeys((solution(text) or text, text)):
        filled = [block for block in _blocks(part)[0] if block.source.strip()]
        python = [block for block in filled if block.language in _PYTHON]
        maybe_python = [block for block in filled if block.language in _PYTHON or not block.language]
        if filled:
            return _last_program([block.source for block in maybe_python]) or (python or filled)[-1].source
    return text if _is_python(text) else None


def _last_program(sources: list[str]) -> str | None:
    """The last of `sources` that can run on its own.

    A block that has a definition counts as a program even if it does not parse: it replaces the blocks before it.
    """
    definitions = [
        frozenset(name for groups in _DEFINED.findall(source) for name in groups if name) for source in sources
    ]
    names = set().union(*definitions)
    for source, own in zip(reversed(sources), reversed(definitions), strict=True):
        if _DEFINITION.search(source):
            return source
        tree = _tree(source)
        if tree is not None and _has_call(tree) and not _undefined(tree) & (names - own):
            return source
    return None


def _has_call(tree: ast.Module) -> bool:
    """Whether a block calls anything. An output such as 12 or [1, 2] is valid Python, but does nothing."""
    return any(isinstance(node, ast.Call | ast.Lambda) for node in ast.walk(tree))


def _undefined(tree: ast.Module) -> set[str]:
    """The names that a block uses but neither defines nor gets from Python or its standard library."""
    nodes = list(ast.walk(tree))
    used = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    defined = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in nodes:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
            if module.partition(".")[0] in sys.stdlib_module_names:
                defined |= {(alias.asname or alias.name).partition(".")[0] for alias in node.names}
    return used - defined - set(dir(builtins))


def _blocks(text: str) -> tuple[list[_Block], bool]:
    """The fenced code blocks, and whether the last one is closed."""
    blocks: list[_Block] = []
    opened: re.Match[str] | None = None
    for fence in _FENCE.finditer(text):
        if opened is None:
            opened = fence
        elif not fence[1].strip():
            blocks.append(_block(opened, text[opened.end() + 1 : fence.start()]))
            opened = None
    if opened is not None:
        blocks.append(_block(opened, text[opened.end() + 1 :]))
    return blocks, opened is None


def _block(opened: re.Match[str], source: str) -> _Block:
    return _Block("".join(opened[1].split()[:1]).lower(), _dedented(source))


def _dedented(block: str) -> str:
    """`block`, dedented. A block that is not indented is unchanged: blank lines in its strings may contain spaces."""
    first = block.lstrip("\r\n")[:1]
    return textwrap.dedent(block) if first in {" ", "\t"} else block


def _is_python(text: str) -> bool:
    return bool(text.strip()) and _tree(text) is not None


def _tree(source: str) -> ast.Module | None:
    if len(source) > _LONGEST_SOURCE:
        return None
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None
