"""Angles in degrees, written out for comparisons that know radians."""

import re

_TRIGONOMETRY = re.compile(r"\\?(?:arc)?(?:sin|cos|tan|cot|sec|csc)(?![A-Za-z])")
_ANGLE = re.compile(r"(\d+(?:\.\d+)?|[A-Za-z]|\\[a-z]+|\([^()]*\)|\{[^{}]*\}) ?\^\\circ")
_PI = re.compile(r"\\pi(?![A-Za-z])")


def same_measure(given: str, wanted: str) -> tuple[str, str]:
    """Two tidied answers with degrees as multiples of pi, where only so they can be compared.

    That is inside trigonometric functions, and if one is in degrees and the other one is a multiple of pi.
    """
    one, other = (in_radians(text) if _TRIGONOMETRY.search(text) else text for text in (given, wanted))
    if _ANGLE.search(one) and _PI.search(other) and not _ANGLE.search(other):
        one = in_radians(one)
    elif _ANGLE.search(other) and _PI.search(one) and not _ANGLE.search(one):
        other = in_radians(other)
    return one, other


def in_radians(text: str) -> str:
    """`text` with each angle in degrees as a multiple of pi."""
    return _ANGLE.sub(lambda match: rf"{{(\frac{{{_bare(match[1])}\pi}}{{180}})}}", text)


def _bare(factor: str) -> str:
    return factor[1:-1] if factor[0] == "{" else factor
