"""The answer that a text states: what follows its last "the answer is"."""

import re
from itertools import pairwise

from skyassets.stages.equivalence.number import quantity
from skyassets.stages.extraction.sentences import (
    CHANGING,
    CHOICE,
    DENYING,
    FORMULA,
    NUMBER,
    OPENS,
    REASON,
    SCORED,
    SENTENCE,
    after_equals,
    after_last,
    around,
    bare,
    is_leading,
    may_change,
    measured,
    up_to,
)

_STATED = re.compile(
    r"\b(?:answer|result)[*_`\s]{0,4}(?:\bis\b|\bare\b|=|:)[*_`:\s]{0,8}(?:therefore|thus|simply|just)?\s{0,4}"
    r"(?P<rest>[^\n]{1,500})",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"\*\*(.+?)\*\*|\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`|(?<!\w)'([^'\n]+)'(?!\w)")
_CHOICE = re.compile(r"(?:option|choice)?\s*\(?([A-J])(?:\)|[.,:;](?=\s|$)|$)")
_THEN = re.compile(r"[,;:]|\b(?:then|so|therefore|thus|hence|and|but|because|since)\b", re.IGNORECASE)
_JOINING = re.compile(r"\s*(?:,|,?\s*and)\s*")
_WITHDRAWN = re.compile(r"\b(?:wait|actually|oops|scratch that|correction)\b", re.IGNORECASE)


def stated_answer(text: str, domain: str) -> str | None:
    """The value of the statement, or the whole statement if its value may be another; None if there is none."""
    statements = list(_STATED.finditer(text))
    if not statements:
        return None
    statement = statements[-1]
    rest = statement["rest"].strip()
    sentence = up_to(SENTENCE, rest)
    if domain in {CHOICE, SCORED}:
        return bare(sentence) or None
    before = after_last(_THEN, around(text, statement)[0])
    clause, near = up_to(REASON, rest), " ".join(re.findall(r"[^\W\d_]{2,}", before)[-4:])
    doubted = rest[len(sentence) : len(sentence) + 1] == "?" or _WITHDRAWN.search(text, statement.start("rest"))
    if doubted or DENYING.search(f"{before} {sentence}") or CHANGING.search(near):
        return bare(f"{before.strip()} {statement[0].partition(statement['rest'])[0]} {sentence}") or None
    return _formula(clause) or (_value(clause) if domain == "maths" else _words(clause))


def _formula(clause: str) -> str | None:
    """The formulas of a statement, joined by commas, or all of it if anything else in it may change the meaning."""
    formulas = list(FORMULA.finditer(clause))
    if not formulas:
        return None
    between = [clause[one.end() : other.start()] for one, other in pairwise(formulas)]
    is_plain = is_leading(clause[: formulas[0].start()]) and not may_change(clause[formulas[-1].end() :])
    if is_plain and all(map(_JOINING.fullmatch, between)):
        return ", ".join(bare(next(filter(None, one.groups()))) for one in formulas)
    return "the answer is " + bare(clause.replace("$", ""))


def _value(clause: str) -> str | None:
    """A formula unchanged; for words, the part after the last equals sign, or their only number."""
    text = bare(clause)
    value = after_equals(text)
    if "\\" in text or not re.search(r"[A-Za-z]{2}", text):
        return value or None
    numbers = list(NUMBER.finditer(value))
    if len(numbers) == 1:
        lead, rest = value[: numbers[0].start()], value[numbers[0].end() :]
        if OPENS.search(lead) and is_leading(lead) and not may_change(rest):
            return measured(numbers[0][0], rest)
    amount = quantity(text)
    # "Five below" is not five of a unit called below: the prefix keeps it from being parsed as a quantity.
    return f"the answer is {text}" if amount and amount.unit and not amount.unit.is_known else text or None


def _words(clause: str) -> str | None:
    choice = _CHOICE.match(clause.strip("*_ "))
    if choice:
        return choice[1]
    quoted = list(_QUOTED.finditer(clause))
    if quoted and is_leading(clause[: quoted[0].start()]) and not may_change(clause[quoted[0].end() :]):
        return bare(next(filter(None, quoted[0].groups())))
    words = bare(re.sub(r"^(?:the|an?)\s+|(?<![\d)])!+$", "", clause.strip(), flags=re.IGNORECASE))
    is_plain = re.match(r"[-−+$]?\d", words) and len(words.split()) <= 3 and not CHANGING.search(words)
    return _value(words) if re.search(r"\d", words) and not is_plain else words or None
