"""Compares two final answers by parsing alone: numbers, words, choices, and groups of them.

Exact: a hundred is not one, an open interval is not a closed one. `None` means that the comparison needs algebra.
Stored answers are never changed; everything here works on copies.
"""

import re
from dataclasses import replace
from fractions import Fraction

from skyassets.stages.equivalence.latex import group, split, tidy
from skyassets.stages.equivalence.number import Quantity, quantity, without_unit
from skyassets.stages.equivalence.numeric import differ, value
from skyassets.stages.equivalence.prose import is_prose, same_words
from skyassets.stages.equivalence.units import Unit

LONGEST, DEEPEST, LONGEST_LIST = 1000, 6, 12
_AND = re.compile(r"\s*,?\s*(?:\\(?:text|mbox|mathrm)\s*\{\s*(?:and|or)\s*\}|(?<![A-Za-z])(?:and|or)(?![A-Za-z]))\s*")
_MATRIX = re.compile(r"\\begin\{([pb]?matrix)\}(.*?)(?:\\\\)?\\end\{\1\}", re.DOTALL)
_NAMED = re.compile(r"([A-Za-z](?:_\{?\w\}?)?(?:\([A-Za-z]\))?)\s*(?:=|\\in(?![A-Za-z]))\s*(?![=<>])")
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
_SPACED = re.compile(r"\d+(?: \d+)+")
LETTER = re.compile(r"\(?([A-Z])\)?[.:)]?")
LETTERED = re.compile(r"(?:(?:option|choice|answer)\s*)?\(?([A-Z])(?:\)|[.:](?=\s)|\)?[.:]?$)", re.IGNORECASE)


def same(answer: str, gold: str) -> bool | None:
    """Whether `answer` equals `gold`; None if parsing alone cannot decide."""
    if not answer.strip() or not gold.strip():
        return False
    if len(answer) > LONGEST or len(gold) > LONGEST:
        return True if answer.strip() == gold.strip() else None
    return _same(answer, gold, 0)


def measured(text: str) -> tuple[str, Unit | None]:
    """A formula without its unit. A single letter is not treated as a unit: it may be a factor."""
    core, unit = without_unit(text)
    rest = "" if core is None else text[len(core) :]
    spelled = len(re.sub(r"[^A-Za-z%]|\\[a-z]+", "", rest)) > 1 or "\\text{" in rest
    return (core, unit) if core is not None and unit and unit.is_known and spelled else (text, None)


def _same(answer: str, gold: str, depth: int) -> bool | None:
    given, wanted = tidy(answer), tidy(gold)
    if given == wanted:
        return True
    if depth > DEEPEST:
        return None
    for decide in (_choices, _quantities, _worded, _based):
        verdict = decide(given, wanted)
        if verdict is not None:
            return verdict
    for take_apart in (_named, _unions, _matrices, _groups, _lists):
        verdict = take_apart(given, wanted, depth + 1)
        if verdict is not None:
            return verdict
    if is_prose(given) or is_prose(wanted) or _may_be_product(given) or _may_be_product(wanted):
        return None
    return False if differ(measured(given)[0], measured(wanted)[0]) or _unlike(given, wanted) else None


def _may_be_product(text: str) -> bool:
    """Whether what was parsed as a unit may be a factor (the m of 5 m) or an unknown word."""
    found = quantity(text)
    return bool(found and found.unit and (not found.unit.is_known or _PRODUCT.fullmatch(text)))


def _unlike(given: str, wanted: str) -> bool:
    """Whether one is a single value and the other is several values or a range."""
    return any(_is_composed(one) and value(other) is not None for one, other in ((given, wanted), (wanted, given)))


def _is_composed(text: str) -> bool:
    found = group(text)
    return bool(_MATRIX.fullmatch(text)) or "\\cup" in text or (found is not None and len(found[1]) > 1)


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
                return False
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
    if given.casefold() == wanted.casefold() and _WORDS.fullmatch(wanted) and len(wanted) >= 3:
        return True  # x and X are different variables; East and east are the same word
    if _WORDS.fullmatch(given) and _WORDS.fullmatch(wanted) and not (is_prose(given) or is_prose(wanted)):
        # xy and yx are the same product; cat and act are different words.
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


def _named(given: str, wanted: str, depth: int) -> bool | None:
    (name, value), (wanted_name, wanted_value) = _assignment(given), _assignment(wanted)
    if not (name or wanted_name) or (name and wanted_name and name != wanted_name):
        return None
    return _same(value, wanted_value, depth)


def _assignment(text: str) -> tuple[str, str]:
    text = text.strip()
    named = _NAMED.match(text)
    if not named or len(re.findall(r"=|\\in(?![A-Za-z])|[<>]", text)) > 1:
        return "", text
    return named[1], text[named.end() :]


def _unions(given: str, wanted: str, depth: int) -> bool | None:
    one, other = re.split(r"\\cup(?![A-Za-z])", given), re.split(r"\\cup(?![A-Za-z])", wanted)
    if len(one) != len(other) or len(one) == 1:
        return None
    # The parts may be in another order, so a difference decides nothing.
    return True if all(_same(*pair, depth) for pair in zip(one, other, strict=True)) else None


def _groups(given: str, wanted: str, depth: int) -> bool | None:
    one, other = group(given), group(wanted)
    if one is None or other is None:
        return None
    (left, inside, right), (wanted_left, wanted_inside, wanted_right) = one, other
    if len(inside) == len(wanted_inside) == 1:
        return None
    if "{" in (left, wanted_left):
        return left == wanted_left and _in_any_order(inside, wanted_inside, depth)
    if (left, right) != (wanted_left, wanted_right) or len(inside) != len(wanted_inside):
        return False
    verdicts = [_same(*pair, depth) for pair in zip(inside, wanted_inside, strict=True)]
    return False if False in verdicts else True if all(verdicts) else None


def _matrices(given: str, wanted: str, depth: int) -> bool | None:
    one, other = _MATRIX.fullmatch(given), _MATRIX.fullmatch(wanted)
    if not one or not other:
        return None
    rows, wanted_rows = ([row.split("&") for row in re.split(r"\\\\", found[2])] for found in (one, other))
    if [len(row) for row in rows] != [len(row) for row in wanted_rows]:
        return False
    pairs = [pair for row, other in zip(rows, wanted_rows, strict=True) for pair in zip(row, other, strict=True)]
    verdicts = [_same(*pair, depth) for pair in pairs]
    return False if False in verdicts else True if all(verdicts) else None


def _lists(given: str, wanted: str, depth: int) -> bool | None:
    (left, one), (wanted_left, other) = _listed(given), _listed(wanted)
    if (left and wanted_left) or "[" in (left, wanted_left) or max(len(one), len(other)) < 2:
        return None
    if not is_ordered(given, wanted):
        # If every part has a unique name on both sides, compare by name.
        named, wanted_named = (dict(_assignment(part) for part in parts) for parts in (one, other))
        if len(named) == len(one) == len(other) and set(named) == set(wanted_named) and "" not in named:
            verdicts = [_same(value, wanted_named[name], depth) for name, value in named.items()]
            return False if False in verdicts else True if all(verdicts) else None
        verdict = _in_any_order(one, other, depth)
        # 1,234 is one number, but may also be two.
        return None if verdict and (quantity(given) is None) != (quantity(wanted) is None) else verdict
    if min(len(one), len(other)) < 2:
        return None
    verdicts = [_same(*pair, depth) for pair in zip(one, other, strict=False)]
    return False if len(one) != len(other) or False in verdicts else True if all(verdicts) else None


def is_ordered(given: str, wanted: str) -> bool:
    """Whether order matters: for a tuple compared with a list, or if only one side names its parts."""
    (left, one), (wanted_left, other) = _listed(given), _listed(wanted)
    names, wanted_names = ({_assignment(part)[0] for part in parts} for parts in (one, other))
    unnamed = ("" in names and len(wanted_names) > 1) or ("" in wanted_names and len(names) > 1)
    return unnamed or "(" in (left, wanted_left)


def _listed(text: str) -> tuple[str, list[str]]:
    """The opening bracket of a list, empty if there is none, and the parts."""
    found = group(text)
    return (found[0], found[1]) if found else ("", _signed(split(_AND.sub(",", text))))


def _signed(parts: list[str]) -> list[str]:
    """`parts` with every plus-or-minus expanded to both values."""
    both = [part for part in parts if part.count("\\pm") == 1 and "\\mp" not in part]
    if not both or len(parts) > LONGEST_LIST:
        return parts
    kept = [part for part in parts if part not in both]
    return kept + [part.replace("\\pm", sign) for part in both for sign in "+-"]


def _in_any_order(given: list[str], wanted: list[str], depth: int) -> bool | None:
    values, wanted_values = _values(given), _values(wanted)
    if values is not None and wanted_values is not None:
        return values == wanted_values
    if max(len(given), len(wanted)) > LONGEST_LIST:
        return None
    if len(given) != len(wanted):
        return False if _distinct(given) != _distinct(wanted) and _distinct(given) and _distinct(wanted) else None
    left = list(given)
    for part in wanted:
        verdicts = [_same(other, part, depth) for other in left]
        if True in verdicts:
            del left[verdicts.index(True)]
        else:
            # A part without an equal is missing; if a comparison is undecided, leave it to algebra.
            return None if None in verdicts or not verdicts else False
    return True


def _distinct(parts: list[str]) -> int:
    """How many different values `parts` contain; 0 if one of them is not a value."""
    found = [one for part in parts if not is_prose(part) and (one := value(part)) is not None]
    return len({complex(round(one.real, 6), round(one.imag, 6)) for one in found}) if len(found) == len(parts) else 0


def _values(parts: list[str]) -> list[Fraction] | None:
    found = [quantity(part) for part in parts]
    return None if None in found else sorted(one.value for one in found if one is not None)
