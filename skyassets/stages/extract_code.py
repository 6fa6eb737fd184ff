"""Code, read out of a text. Says what is stated there, never whether it is right.

Strict reading takes only the asked form: exactly one block of code, after the thinking. Lenient reading takes the last
block that defines something, wherever it stands.
"""

import ast
import re
import textwrap

from skyassets.stages.extract import solution

_FENCE = re.compile(r"^[ \t]*```([^\n`]*)$", re.MULTILINE)
_LONGEST_SOURCE = 100_000


def strict_code(text: str) -> str | None:
    """The code of the solution's one and only block; None when there is none, or more."""
    part = solution(text)
    if part is None:
        return None
    blocks, closed = _blocks(part)
    return blocks[0] if closed and len(blocks) == 1 and blocks[0].strip() else None


def lenient_code(text: str) -> str | None:
    """The last block that defines something, else the last block, else the whole text when it is Python."""
    for part in dict.fromkeys((solution(text) or text, text)):
        blocks = [block for block in _blocks(part)[0] if block.strip()]
        defining = [block for block in blocks if re.search(r"^\s*(?:async\s+def|def|class)\s", block, re.MULTILINE)]
        if blocks:
            return (defining or blocks)[-1]
    return text if _is_python(text) else None


def _blocks(text: str) -> tuple[list[str], bool]:
    """The blocks of code between fences, and whether the last one is closed."""
    blocks: list[str] = []
    start: int | None = None
    for fence in _FENCE.finditer(text):
        if start is None:
            start = fence.end() + 1
        elif not fence[1].strip():
            blocks.append(_flush(text[start : fence.start()]))
            start = None
    if start is not None:
        blocks.append(_flush(text[start:]))
    return blocks, start is None


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
