"""The numbers of a text and the signs that relate them: what tells two problems in the same words apart."""

import re

_QUANTITY = re.compile(
    r"""
    \d+(?:,\d{3}(?!\d))*(?:\.\d+)?                  # a number; 1,000 is one
    | (?<![^\W\d_])-+ | -+(?![^\W\d_])              # a minus; a hyphen between two letters is none
    | [+*/^=<>|!%±∓×÷·√≠≤≥−]                        # the other signs
    | \\(?:leq?|geq?|lt|gt|neq?|pm|mp)(?![a-zA-Z])  # and their names in LaTeX
    """,
    re.VERBOSE,
)
_ALIASES = {
    "\\le": "≤", "\\leq": "≤", "\\ge": "≥", "\\geq": "≥", "\\lt": "<", "\\gt": ">",
    "\\ne": "≠", "\\neq": "≠", "\\pm": "±", "\\mp": "∓", "−": "-",
}  # fmt: skip


def quantities(text: str) -> tuple[str, ...]:
    """The numbers and signs of `text`, in order, each in one spelling: 1,000 is 1000, and `\\leq` is `≤`."""
    return tuple(_ALIASES.get(found) or found.replace(",", "") for found in _QUANTITY.findall(text))
