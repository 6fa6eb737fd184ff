"""Gemma's channel of thoughts without its special tokens, as servers strip them: `thought`, a line end, and the rest.

With the tokens, it is a row of the table of marks (`thought_markers`).
"""

import re

_OPENING = re.compile(r"\s*thought[ \t]*\r?\n")
_END = re.compile(
    r"(?<=[.!?:)\]}$*`])(?=(?:The|So|Thus|Therefore|Hence|Final|Answer|Here|To|Let|We|There|This|It|If|In|Yes|No|First|"
    r"Since|Given)\b[ ,]|\*\*(?=\w)|#{1,6} |\\boxed)"
)
"""The end of a sentence, and the start of the next one glued to it: the closing token stood between them."""


def is_stripped(text: str) -> bool:
    """Whether `text` begins as such a channel does: no other text has the line `thought` in front."""
    return _OPENING.match(text) is not None


def without_name(thought: str) -> str:
    """`thought` without the channel's name, which stays in front of it if a server strips only the opening token."""
    return _OPENING.sub("", thought, count=1) if is_stripped(thought) else thought


def parts(text: str) -> tuple[str, str] | None:
    """The thought and the solution of a text for which `is_stripped` holds; None if it is not clear where one ends.

    It is clear only if exactly one sentence, outside code, is glued to the one before it.
    """
    opening = _OPENING.match(text)
    start = opening.end() if opening else 0
    code = [(block.start(), block.end()) for block in re.finditer(r"```.*?(?:```|\Z)|`[^`\n]+`", text, re.DOTALL)]
    ends = [
        end.start()
        for end in _END.finditer(text, start)
        if not any(begins < end.start() < stops for begins, stops in code)
    ]
    return (text[start : ends[0]].strip(), text[ends[0] :].strip()) if len(ends) == 1 else None
