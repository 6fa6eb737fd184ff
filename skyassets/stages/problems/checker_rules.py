"""The deviations that a programming contest problem allows, extracted from its statement."""

import re

_EXPONENT = r"10\s*(?:\^|\*\*)?\s*\{?\s*\$?\s*[-−–]\s*(?P<exponent>\d{1,2})"
_ERROR = re.compile(
    r"\b(?:error|differ|difference|precision|accuracy|tolerance|within)\b[^\n]{0,120}?"
    rf"(?:{_EXPONENT}|\b1[eE][-−–](?P<short>\d{{1,2}})|(?P<plain>\b0\.0*1\b))",
    re.IGNORECASE,
)
_ABOUT_NUMBERS = re.compile(r"\b(?:absolute|relative|answers?\s+within)\b", re.IGNORECASE)
_ANY_CASE = re.compile(
    r"\bin\s+any\s+(?:letter\s+case|register)\b(?!s)|\bcase[\s-]insensitive(?:ly)?\b|"
    r"\b(?:upper|lower)[\s-]?case\s+or\s+(?:upper|lower)[\s-]?case\b",
    re.IGNORECASE,
)
_ANY = re.compile(r"\bin\s+any\s+case\b(?!\s*,(?!\s*(?:upper|lower)))")
_ABOUT_LETTERS = re.compile(
    r"\b(?:letters?|characters?|upper|lower|capitals?|register|case[\s-]insensitive(?:ly)?)\b|\bcase\s*\(|"
    r"\b(?:upper|lower)case\b",
    re.IGNORECASE,
)
"""Shows that "case" means letter case: "in any case" may also mean "always"."""
_ABOUT_OUTPUT = re.compile(r"\b(?:print|output|display)\b", re.IGNORECASE)


def tolerance(statement: str) -> float | None:
    """The absolute or relative error that `statement` allows; None if it states none."""
    for sentence in _sentences(statement):
        match = _ERROR.search(sentence) if _ABOUT_NUMBERS.search(sentence) else None
        if match:
            exponent = match["exponent"] or match["short"]
            return float(f"1e-{exponent}") if exponent else float(match["plain"])
    return None


def any_case(statement: str) -> bool:
    """Whether `statement` accepts an answer in either letter case."""
    return any(_frees(sentence) and _ABOUT_OUTPUT.search(sentence) for sentence in _sentences(statement))


def _frees(sentence: str) -> bool:
    return bool(_ANY_CASE.search(sentence) or (_ANY.search(sentence) and _ABOUT_LETTERS.search(sentence)))


def _sentences(statement: str) -> list[str]:
    return re.split(r"\n\s*\n|(?<=[a-z)}$])\.\s", statement)
