"""Compares two single values: an option's letter, a number with its unit, a word, or a number in a base."""

import re
from dataclasses import replace
from fractions import Fraction

from skyassets.stages.equivalence.number import Quantity, quantity, without_unit
from skyassets.stages.equivalence.prose import is_prose, same_words
from skyassets.stages.equivalence.units import Unit

_BASED = re.compile(r"([0-9A-F]{1,60})_\{?([1-9]\d?)\}?")
_OPERATOR = re.compile(r"[-+*/^_=<>!|'\\]")
_REJECTED = re.compile(r"\b(?:wrong|incorrect|ruled out|eliminated|excluded|untrue)\b")
_CLAUSE = re.compile(
    r"\W*(?:which|that|it|is|was|be|can|could|may|might|must|should|would|will|does|do|did|has|seems|looks|appears|"
    r"\w+ly|not|never|cannot|(?:ca|is|was|could|does|did|wo|would)n['’]?t)\b(?:[^.,;:(]|\.(?=\d))*"
)
_NEGATION = re.compile(
    r"n['’]?t\b|\b(?:not|no|never|nor|neither|cannot|false|impossible|unlikely|less|nothing|worse|worst|except|fails?)\b"
)
_WORDS = re.compile(r"[^\W\d_]+")
_PRODUCT = re.compile(r".*\d ?[A-Za-z]")
_SPELLED = frozenset({"cm", "mm", "km", "kg", "ft", "nm", "Hz", "kJ", "kW", "kN", "Pa", "eV"})
"""Units of two letters that are hardly ever a product."""
_LETTERS_APART = re.compile(r"[A-Za-z](?: [A-Za-z])+")
_VOWEL = re.compile("[aeiou]", re.IGNORECASE)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_SPACED = re.compile(r"\d+(?: \d+)+")
LETTER = re.compile(r"\(?([A-Z])\)?[.:)]?")
LETTERED = re.compile(r"(?:(?:option|choice|answer)\s*)?\(?([A-Z])(?:\)|[.:](?=\s)|\)?[.:]?$)", re.IGNORECASE)


def same_value(given: str, wanted: str) -> bool | None:
    """Whether two tidied answers are the same choice, quantity, word or number in a base; None if undecided."""
    for decide in (_choices, _quantities, _worded, _based):
        verdict = decide(given, wanted)
        if verdict is not None:
            return verdict
    return None


def measured(text: str) -> tuple[str, Unit | None]:
    """A formula without its unit. Letters are not treated as a unit where they may be factors: 2 pi hr, 5 m."""
    core, unit = without_unit(text)
    rest = "" if core is None else text[len(core) :]
    spelled = "\\" in rest or "%" in rest or any(len(word) > 2 or word in _SPELLED for word in _WORDS.findall(rest))
    return (core, unit) if core is not None and unit and unit.is_known and spelled else (text, None)


def may_be_product(text: str) -> bool:
    """Whether what was parsed as a unit may be a factor (the m of 5 m) or an unknown word."""
    amount = quantity(text)
    return bool(amount and amount.unit and (not amount.unit.is_known or _PRODUCT.fullmatch(text)))


def _choices(given: str, wanted: str) -> bool | None:
    letter, chosen = LETTER.fullmatch(wanted), LETTERED.match(given)
    if not letter or not chosen or not chosen[1].isupper() or _OPERATOR.search(given[chosen.end() :]):
        return None
    return None if chosen[1] == letter[1] and denies(given[chosen.end() :]) else chosen[1] == letter[1]


def denies(rest: str) -> bool:
    """Whether the text after an option's letter may reject that option."""
    clause = _CLAUSE.match(rest.casefold())
    return bool(_REJECTED.search(rest.casefold()) or (clause and _NEGATION.search(clause[0])))


def _quantities(given: str, wanted: str) -> bool | None:
    one, other = quantity(given), quantity(wanted)
    if one is None or other is None:
        # "1 2" is two numbers, not a spelling of twelve.
        return False if (one and _SPACED.fullmatch(wanted)) or (other and _SPACED.fullmatch(given)) else None
    if one.unit and other.unit:
        if one.unit.is_known and other.unit.is_known:
            if one.unit.powers != other.unit.powers:
                return None if one.unit.is_temperature and other.unit.is_temperature else False
            ratio = one.unit.size / other.unit.size
            return _equal(replace(one, value=one.value * ratio), other)
        # Twelve apples may be twelve fruits, but never thirteen.
        return _equal(one, other) if one.unit.powers == other.unit.powers else None if _equal(one, other) else False
    if _PRODUCT.fullmatch(given if one.unit else wanted) and (one.unit or other.unit):
        return None  # 5 m compared with 5: the m may be a factor
    return _equal(one, other)


def _equal(given: Quantity, wanted: Quantity) -> bool:
    """Equal exactly, or when rounded to the reference's decimals, with ties rounded away from zero."""
    if given.value == wanted.value:
        return True
    half = Fraction(1, 2 * 10**wanted.decimals)
    value, size = abs(given.value), abs(wanted.value)
    return wanted.is_rounded and given.value * wanted.value > 0 and size - half <= value < size + half


def _worded(given: str, wanted: str) -> bool | None:
    if _LETTERS_APART.fullmatch(given) or _LETTERS_APART.fullmatch(wanted):
        letters = [sorted(text.replace(" ", "")) for text in (given, wanted)]
        return True if letters[0] == letters[1] else None
    if given.casefold() == wanted.casefold() and _WORDS.fullmatch(wanted) and len(wanted) >= 3:
        return True  # x and X are different variables; East and east are the same word
    if _WORDS.fullmatch(given) and _WORDS.fullmatch(wanted) and not (is_prose(given) or is_prose(wanted)):
        # abc and bca are the same product, xy and yx are left to algebra; cat and act are different words.
        is_product = not _VOWEL.search(given) or given in _ALPHABET or wanted in _ALPHABET
        if len(given) > 2 and sorted(given) == sorted(wanted) and is_product:
            return True
        return False if max(len(given), len(wanted)) >= 3 else None
    return same_words(given, wanted)


def _based(given: str, wanted: str) -> bool | None:
    one, other = _BASED.fullmatch(given), _BASED.fullmatch(wanted)
    if one and other:
        values = _in_base(*one.groups()), _in_base(*other.groups())
        return None if None in values else values[0] == values[1]
    # If the reference has a base, the answer may omit it. If only the answer has one, it may be another number.
    if other and other[1] == given and re.search(r"\d", given):
        return True if _in_base(*other.groups()) is not None else None
    if one and one[1] == wanted:
        return None
    for based, text in ((one, wanted), (other, given)):
        plain = quantity(text) if based else None
        if based and plain and plain.value != _in_base(*based.groups()):
            return False
    return None


def _in_base(digits: str, base: str) -> int | None:
    try:
        return int(digits, int(base))
    except ValueError:
        return None
