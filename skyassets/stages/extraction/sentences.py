"""The sentence around a value: where it ends, and whether anything in it may change the value."""

import re

from skyassets.stages.equivalence.compare import NAME
from skyassets.stages.equivalence.number import quantity
from skyassets.stages.extraction.thoughts import TAG

CHOICE, SCORED = "choice", "scored"
"""Kinds of reference in addition to the domains: an option's letter, and a scorer's rules."""
LONGEST_SENTENCE = 500
FORMULA = re.compile(r"\$\$?((?:\\.|[^$\n\\])+)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]")
_CLOSINGS = {"\\[": "\\]", "$$": "$$"}
_DISPLAY = re.compile(r"\\\[|\$\$")
LONGEST_FORMULA = 1000
_CONTINUES = re.compile(r"[ \t]*(?!(?:so|thus|hence|therefore|then|we)\b)[a-z,.;(]")
"""The rest of a sentence after a displayed formula."""
_EQUALS = re.compile(r"(?<![<>:=])(?<!\s!)=(?!=)")
"""An equals sign. After a space, `!=` is a relation; without one, as in `5!=120`, a factorial."""
_RELATION = re.compile(r"[<>≤≥≠]|\s!=|\\(?:le|ge|leq|geq|ne|neq|lt|gt|leqslant|geqslant)(?![A-Za-z])")
_SOLVED = re.compile(r"\d ?\\?[A-Za-z(]|[A-Za-z)}] ?[-+] ?\d|\d ?[-+] ?\d*[A-Za-z]|\^")
"""The left side of a step of a solution, not the name of a value: `3x`, `x - 2`, `x^2`."""
NUMBER = re.compile(
    r"(?<![\w.])[-−+]?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:(?<=\d)(?:\.\d+)?|\.\d+)(?:\s?/\s?\d+(?![\d.]))?%?(?:_\{?\d{1,2}\}?)?"
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
_CALLED = re.compile(NAME)
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


def in_lines(text: str) -> str:
    """`text` with each displayed formula in one line, which is the line that leads to it, and ends with it."""
    pieces, end, absent = list[str](), 0, set[str]()
    for opening in _DISPLAY.finditer(text):
        if opening.start() < end or opening[0] in absent:
            continue
        close = text.find(_CLOSINGS[opening[0]], opening.end())
        if close < 0:
            absent.add(opening[0])
            continue
        inside = text[opening.end() : min(close, opening.end() + LONGEST_FORMULA)]
        if close > opening.end() + LONGEST_FORMULA or "\n\n" in inside.strip():
            continue
        before = text[end : opening.start()]
        announced = before.rstrip()
        pieces += [announced + " " if announced.endswith(":") else before, opening[0], " ".join(inside.split())]
        end = close + 2
        pieces.append(text[close:end] + ("" if _CONTINUES.match(text, end) else "\n"))
    return "".join([*pieces, text[end:]])


def is_step(side: str) -> bool:
    """Whether the left side of an equation is a step of solving for its only letter, not what is to be found."""
    letters = set(re.findall(r"(?<![A-Za-z\\])[A-Za-z](?![A-Za-z])", side))
    is_asked = re.search(r"[(|]|\\[dt]?frac", side)
    return len(letters) == 1 and not is_asked and bool(_SOLVED.search(side)) and not _CALLED.fullmatch(side)


def after_equals(formula: str) -> str:
    """The part after the last equals sign; all of it if it is no value: several equations, an inequality, a step."""
    sides = _EQUALS.split(formula)
    if len(sides) == 1:
        return formula
    value, first = sides[-1].strip(), sides[0].strip()
    is_equation = len(sides) == 2 and (is_step(first) or (value == "0" and bool(_SOLVED.search(first))))
    if SEVERAL.search(formula) or _RELATION.search(formula) or is_equation or not re.search(r"\w", value):
        return formula
    return value


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
