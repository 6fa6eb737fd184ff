"""The arbitrary constant of a solution, which may be called C or c."""

import re

_ARBITRARY = re.compile(
    r"[-+] ?[Cc](?:_\w)?(?=$|[-+)}])|"
    r"(?:^|[-+(]) ?[Cc](?:_\w)? ?(?:\\cdot ?)?(?:e ?\^|\\(?:exp|sin|cos)|x ?\^|[tx](?![A-Za-z]))"
)
"""A term by itself, or the factor of a function."""


def same_constant(given: str, wanted: str) -> str:
    """`given` with the arbitrary constant spelled as in `wanted`, if only its case differs."""
    for ours, theirs in ("Cc", "cC"):
        own, other = (re.compile(rf"(?<![A-Za-z\\]){letter}(?![A-Za-z])") for letter in (ours, theirs))
        is_other = own.search(given) and other.search(wanted) and not other.search(given) and not own.search(wanted)
        if is_other and _ARBITRARY.search(given) and _ARBITRARY.search(wanted):
            return own.sub(theirs, given)
    return given
