"""The numbers, signs and symbols of a text: what tells two problems in the same words apart."""

import re

_QUANTITY = re.compile(
    r"""
    [a-z]{2,}(?![^\W\d_])\s*                   # a plain word: first, since most are
    | (
      [A-Z]+(?![^\W\d_]) | [b-z](?![^\W\d_])  # a variable, a point, a word to spell; "a" is an article
    | \d+(?:,\d{3}(?!\d))*(?:\.\d+)?          # a number; 1,000 is one
    | (?<![^\W\d_])-+ | -+(?![^\W\d_])      # a minus; a hyphen between two letters is none
    | [+*/^=<>|!%±∓×÷·√≠≤≥−]                # the other signs, and their names in LaTeX
    | \\(?:leq?|geq?|lt|gt|neq?|pm|mp|sin|cos|tan|cot|sec|csc|log|ln|max|min|cup|cap)(?![a-zA-Z])
    )
    | [^\W\d_]+                              # another word
    """,
    re.VERBOSE,
)
_ALIASES = {
    "\\le": "≤", "\\leq": "≤", "\\ge": "≥", "\\geq": "≥", "\\lt": "<", "\\gt": ">",
    "\\ne": "≠", "\\neq": "≠", "\\pm": "±", "\\mp": "∓", "−": "-",
}  # fmt: skip


def quantities(text: str) -> tuple[str, ...]:
    """The numbers, signs and symbols of `text`, in order, each in one spelling: 1,000 is 1000, and `\\leq` is `≤`."""
    return tuple(_ALIASES.get(found) or found.replace(",", "") for found in _QUANTITY.findall(text) if found)
