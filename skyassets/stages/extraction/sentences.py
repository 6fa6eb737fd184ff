"""The sentence around a value: where it ends, and whether anything in it may change the value."""

import re

from skyassets.stages.equivalence.number import quantity
from skyassets.stages.extraction.thoughts import TAG

CHOICE, SCORED = "choice", "scored"
"""Kinds of reference in addition to the domains: an option's letter, and a scorer's rules."""
LONGEST_SENTENCE = 500
FORMULA = re.compile(r"\$\$?((?:\\.|[^$\n\\])+)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]")
NUMBER = re.compile(
    r"(?<![\w.])[-−+]?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:(?<=\d)(?:\.\d+)?|\.\d+)(?:\s?/\s?\d+(?![\d.]))?%?"
)
SENTENCE = re.compile(rf"[.?](?=[\s*_\"”]|$)|\n|<\|\w+\|>|{TAG}")
REASON = re.compile(
    rf"[.?](?=[\s*_\"”]|$)|\n|<\|\w+\|>|{TAG}|,?\s+(?:because|since|as|which|so|where|hence|thus)\b|"
    r",\s+(?:for|of course)\b"
)
"""The end of a statement: the end of its sentence, or the start of its reasons."""
DENYING = re.compile(
    r"n['’]t\b|\b(?:not|cannot|never|wrong|incorrect|false|neither|nor|except|unless|rather|instead|without|"
    r"impossible|exclud\w+|anything|doubt\w*|mistake\w*|whether|if|suppose|assum\w+|maybe|perhaps|possibly|probably|"
    r"might|could|either|opposite|unsure|guess\w*)\b",
    re.IGNORECASE,
)
CHANGING = re.compile(
    r"\b(?:minus|negative|plus|less|more|few\w*|than|between|or|most|least|about|approx\w*|around|roughly|nearly|almost|"
    r"over|under|above|below|within|up to|beyond|exceed\w*|greater|larger|smaller|bigger|squared?|cubed?|power|roots?|"
    r"hundreds?|thousands?|\w*illions?|dozens?|scores?|couple|pairs?|half|halves|thirds?|quarters?|fourths?|"
    r"fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|thousandths?|percent\w*|"
    r"twice|thrice|doubled?|triple\w*|quadrupled?|times|multipl\w*|divided|factor\w*|modulo|mod|choose|sum|product|"
    r"difference|quotient|ratio|reciprocal|inverse|absolute|factorial|functions?|sqrt|cbrt|log|ln|exp|sin|cos|tan|"
    r"cot|sec|csc|arc\w+|floor|ceil\w*|abs|max|min|gcd|lcm|pi|raised|through|till|until|before|after|next|previous|"
    r"precedes|preceding|follow\w*|reverse\w*|backwards?|spelled|base|binary|hex\w*|bn|negat\w*|loss|lost|losing|owed?|owing|debt|each|add\w*|subtract\w*|"
    r"but|plus-minus|off|short|wait|actually|oops|hmm|both|other|[b-z])\b|\\(?!\$)|[√∛±∓×÷·^*/!<>≤≥≈~∞π°²³|_]|[+−=]|(?<!\w)-",
    re.IGNORECASE,
)
_LEADING = frozenset(
    {
        "a", "an", "the", "number", "value", "integer", "word", "letter", "name", "total", "of", "exactly", "simply",
        "just", "therefore", "thus", "clearly", "still", "then", "indeed", "now", "equal", "to", "be", "precisely",
        "only", "also", "again", "found", "given", "by", "as", "follows", "hence", "called", "named", "final", "is",
        "option", "choice",
    }
)  # fmt: skip
"""Words that may occur between "the answer is" and the answer."""
SEVERAL = re.compile(r"=[^=]*(?:,|;|\b(?:and|or)\b)[^=]*=")
_FOLLOWS = re.compile(r"\s*(?:[*_`\"'”’)\]$]|[.,;:](?!\d))*(?=\s|$)")
OPENS = re.compile(r"(?:^|[\s\"'“‘:=])[\"'“‘(\[*_`$]*\\?$")


def up_to(mark: re.Pattern[str], rest: str) -> str:
    """`rest` up to the end of its sentence or the start of the reasons. A formula is never split."""
    formula, end = FORMULA.search(rest), mark.search(rest)
    if formula and end and formula.start() < end.start():
        end = mark.search(rest, formula.end())
    return rest[: end.start()] if end else rest


def after_last(mark: re.Pattern[str], text: str) -> str:
    """`text` after the last `mark`; all of it if there is none."""
    marks = list(mark.finditer(text))
    return text[marks[-1].end() :] if marks else text


def around(text: str, value: re.Match[str]) -> tuple[str, str]:
    """The text before and after within the same sentence; limited for a very long one."""
    before = text[max(0, value.start() - LONGEST_SENTENCE) : value.start()]
    return after_last(SENTENCE, before), up_to(REASON, text[value.end() : value.end() + LONGEST_SENTENCE])


def is_leading(text: str) -> bool:
    """Whether `text` has only words that may stand between "the answer is" and the answer."""
    return set(re.findall(r"[^\W_]+|[^\w\s*_`\"'“‘:,(\[]", text.casefold())) <= _LEADING


def may_change(rest: str) -> bool:
    """Whether the rest of the statement after a value may change the value."""
    return bool(not _FOLLOWS.match(rest) or CHANGING.search(rest.strip("*_ ")) or re.search(r"\d", rest))


def after_equals(formula: str) -> str:
    """The part after the last equals sign; all of it if it contains several equations."""
    value = formula.rpartition("=")[2].strip()
    return formula if SEVERAL.search(formula) or not re.search(r"\w", value) else value


def measured(number: str, rest: str) -> str:
    """The number, with its unit if that is a known one: five metres are not five feet."""
    whole = bare(number + rest)
    value = quantity(whole)
    return whole if value and value.unit and value.unit.is_known else bare(number)


def bare(text: str) -> str:
    """`text` without the markdown, quotes and punctuation around it."""
    before = None
    while before != text:
        before = text
        text = text.strip().strip('*_`"“”‘’ ').removesuffix(".").removesuffix(",").removesuffix(";")
        if text[:1] == text[-1:] and text[:1] in {"'", "$"} and len(text) > 1:
            text = text[1:-1]
    return text
