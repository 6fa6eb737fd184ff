"""Code, read out of a text. Says what is stated there, never whether it is right.

Strict reading takes only the asked form: exactly one block of code, after the thinking. Lenient reading takes the last
block that defines something, wherever it stands.
"""

import ast
import re
import textwrap
from typing import NamedTuple

from skyassets.stages.extract import solution

_FENCE = re.compile(r"^[ \t]*```([^\n`]*)$", re.MULTILINE)
_DEFINITION = re.compile(r"^\s*(?:async\s+def|def|class)\s", re.MULTILINE)
_PYTHON = frozenset({"python", "python3", "py"})
_LONGEST_SOURCE = 100_000


class _Block(NamedTuple):
    language: str
    source: str


def strict_code(text: str) -> str | None:
    """The code of the solution's one and only block; None when there is none, or more."""
    part = solution(text)
    if part is None:
        return None
    blocks, closed = _blocks(part)
    return blocks[0].source if closed and len(blocks) == 1 and blocks[0].source.strip() else None


def lenient_code(text: str) -> str | None:
    """The last block that defines something, else the last block, else the whole text when it is Python.

    Blocks that are said to be Python come before all others: the last one may show what a program prints.
    """
    for part in dict.fromkeys((solution(text) or text, text)):
        filled = [block for block in _blocks(part)[0] if block.source.strip()]
        blocks = [block.source for block in filled if block.language in _PYTHON] or [block.source for block in filled]
        defining = [block for block in blocks if _DEFINITION.search(block)]
        if blocks:
            return (defining or blocks)[-1]
    return text if _is_python(text) else None


def _blocks(text: str) -> tuple[list[_Block], bool]:
    """The blocks of code between fences, and whether the last one is closed."""
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
    return _Block("".join(opened[1].split()[:1]).lower(), _flush(source))


def _flush(block: str) -> str:
    """`block` at the left margin. One that stands there is left as it is: blank lines of its texts may hold spaces."""
    first = block.lstrip("\r\n")[:1]
    return textwrap.dedent(block) if first in {" ", "\t"} else block


def _is_python(text: str) -> bool:
    if not text.strip() or len(text) > _LONGEST_SOURCE:
        return False
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True
