"""End and turn tokens of other models that a server decoded into a teacher's text, and that the student would learn.

Only spellings that no ordinary text has, or that end a text. The student's own tokens are known to its tokenizer.
"""

import re

_LEAKED = re.compile(
    r"<｜[^<>｜\s]+｜>|\[/?INST\]|<</?SYS>>|<\|turn>|<turn\|>|<\|\w+\d\w*\|>"
    r"|(?:</s>|<eos>|<\|return\|>)(?=\s*(?:\Z|<\|end_of_))"
)


def leaked_token(text: str) -> str | None:
    """The first such token in `text`; HTML's `</s>` is none, unless it ends the text or a part of it."""
    found = _LEAKED.search(text)
    return found[0] if found else None
