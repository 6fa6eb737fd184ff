"""The last number or word of a text, for one that states no answer."""

import re

from skyassets.stages.extraction.sentences import (
    CHANGING,
    CHOICE,
    DENYING,
    FORMULA,
    NUMBER,
    OPENS,
    SCORED,
    SEVERAL,
    after_equals,
    after_last,
    around,
    bare,
    is_leading,
    is_step,
    may_change,
    measured,
)

_ALONE = re.compile(r"[\s$*_`>#-]*(?:\\(?:text|textbf|mathrm|mathbf)\{)?\(?([A-J])\)?\}?[\s$*_`.]*")
_RIGHT = re.compile(
    r"\b(?:option|choice)\s+\(?([A-J])\)?\s+is\s+(?:the\s+)?(?:correct|right|answer)|"
    r"\b(?:correct|right)\s+(?:option|choice|answer)\s*(?:is|:)\s*(?:option\s+|choice\s+)?[*_$`]{0,3}"
    r"(?:\(([A-J])\)|(?-i:([A-J])))[*_$`]{0,3}(?=[.,;:)]|\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
_CONCLUDED = re.compile(
    r"\b(?:[Ss]o|[Tt]hus|[Hh]ence|[Tt]herefore|[Oo]ption|[Cc]hoice|[Cc]hoose|[Pp]ick|[Ss]elect)\b[\s,:]*"
    r"(?:(?:it is|it's|the answer is|I choose|I pick|option|choice|answer)\s+)*[*_$`(]{0,3}([A-J])[)*_$`]{0,3}[\s.!]*$"
)
_LISTED = re.compile(r"[*_$`]{0,3}\(?[A-J][).:][*_$`]{0,3}\s")
_ABOUT = re.compile(r"\b(?:option|choice|answer|or)s?\b", re.IGNORECASE)
"""Words of a sentence about the options, which is not the text of one."""
LONGEST_OPTION = 200
_WORD = re.compile(r"[^\W_](?:[\w'’-]*[^\W_])?")
_LIST = re.compile(r"[\d)}%$]\s*(?:,|;|:|\bto\b|\band\b|\bor\b|&|–|-|−|\+|/|\*|×|x)\s*[$\"'“]*$")
_END = re.compile(r"\\end\{[a-z*]+\}(?:\\\]|\$\$)?")
_LEFT_SIDE = re.compile(r"((?:[\w\\{}^().]{1,20} ?[-+*/] ?){0,4}[\w\\{}^().]{1,20}) ?= ?$")
_SAYING = re.compile(
    r"\b(?:is|are|was|were|be|equals?|gets?|have|has|makes?|gives?|yields?|obtain|find|reach|costs?|leaves?|remains?)\b|[=:](?=\s)|=",
    re.IGNORECASE,
)


def last_value(text: str, domain: str) -> str | None:
    """The last number or word, or its sentence if that may change it; of a choice, the option's letter."""
    if domain in {CHOICE, SCORED}:
        line = text.rstrip().rpartition("\n")[2].strip()
        if domain == SCORED:
            return bare(line) or None
        return _option(text, line)
    if domain == "maths":
        return _last_number(text)
    words = list(_WORD.finditer(text))
    if not words:
        return None
    if re.search(r"\d", words[-1][0]):
        return _last_number(text)
    before, after = around(text, words[-1])
    sentence = before + words[-1][0] + after
    return bare(sentence if DENYING.search(sentence) else words[-1][0])


def _option(text: str, line: str) -> str | None:
    """The option's letter that a text without a box selects; or its last line, if that is an option as it is listed."""
    if alone := _ALONE.fullmatch(line):
        return alone[1]
    if right := list(_RIGHT.finditer(text)):
        return str(next(filter(None, right[-1].groups()))).upper()
    if DENYING.search(line):
        return None
    if concluded := _CONCLUDED.search(line):
        return str(concluded[1])
    is_text = line == text.strip() and len(line) <= LONGEST_OPTION and not _ABOUT.search(line)
    is_listed = _LISTED.match(line) or is_text
    return bare(line) or None if is_listed else None


def _last_number(text: str) -> str | None:
    """The last number, or its sentence if anything in it may change the meaning."""
    numbers = list(NUMBER.finditer(text))
    if not numbers:
        return None
    before, after = around(text, numbers[-1])
    before = after_last(_END, before)
    sentence = before + numbers[-1][0] + after
    lead = after_last(_SAYING, before)
    is_led = lead == before or is_leading(lead.strip("*_ $\\").rpartition(",")[2])
    # The prefix keeps "x = 5 short" from being parsed as five of a unit.
    whole = ("it says " if re.search(r"=[^=\\]*[A-Za-z]{2}", sentence) else "") + bare(sentence)
    formula = next((each for each in FORMULA.finditer(sentence) if each.start() < len(before) < each.end()), None)
    side = _LEFT_SIDE.search(before)
    if DENYING.search(sentence) or SEVERAL.search(sentence) or (side and not formula and is_step(side[1])):
        return whole
    if formula:
        ahead, after = after_last(_SAYING, sentence[: formula.start()]), sentence[formula.end() :]
        plain = not (CHANGING.search(ahead.strip("*_ ")) or _LIST.search(ahead) or may_change(after))
        return bare(after_equals(next(filter(None, formula.groups()))) if plain else whole)
    if (
        is_led
        and OPENS.search(before)
        and not (CHANGING.search(lead.strip("*_ $\\")) or _LIST.search(lead) or may_change(after))
    ):
        return measured(numbers[-1][0], after)
    return whole
