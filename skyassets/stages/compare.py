"""Whether two final answers are the same, as far as reading decides it: numbers, words, choices, and groups of them.

Exact: a hundred is not one, an open interval is not a closed one. `None` means that only algebra could tell. The
stored answers are never changed; everything here happens to copies.
"""

import re
from fractions import Fraction

from skyassets.stages.number import KNOWN_UNITS, Quantity, quantity
from skyassets.stages.tidy import tidy

LONGEST, DEEPEST = 1000, 6
NUMBER_WORDS = frozenset(
    {
        "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "twenty", "thirty", "forty", "fifty", "hundred", "thousand", "million", "half", "third", "quarter", "none",
        "nothing", "no", "infinity", "infinite", "undefined",
    }
)  # fmt: skip

_NAMED = re.compile(r"([A-Za-z](?:_\{?\w\}?)?(?:\([A-Za-z]\))?)\s*(?:=|\\in(?![A-Za-z]))\s*(?![=<>])")
_BASED = re.compile(r"([0-9A-F]{1,60})_\{?([1-9]\d?)\}?")
_WORDS = re.compile(r"[^\W\d_]+(?:[ '-][^\W\d_]+)*")
_SPACED = re.compile(r"\d+(?: \d+)+")
_CHOICE = re.compile(r"\(?([A-Z])\)?[.:)]?")
_CHOSEN = re.compile(r"(?:(?:option|choice|answer)\s*)?\(?([A-Z])(?:\)|[.:](?=\s)|\)?[.:]?$)", re.IGNORECASE)
_OPEN, _CLOSED = "([{", ")]}"


def same(answer: str, gold: str) -> bool | None:
    """Whether `answer` says what `gold` says; None when this cannot be read off."""
    if not answer.strip() or not gold.strip():
        return False
    if len(answer) > LONGEST or len(gold) > LONGEST:
        return True if answer.strip() == gold.strip() else None
    return _same(answer, gold, 0)


def _same(answer: str, gold: str, depth: int) -> bool | None:
    given, wanted = tidy(answer), tidy(gold)
    if given == wanted:
        return True
    if depth > DEEPEST:
        return None
    for decide in (_choices, _quantities, _words, _based):
        verdict = decide(given, wanted)
        if verdict is not None:
            return verdict
    for take_apart in (_named, _unions, _groups, _lists):
        verdict = take_apart(given, wanted, depth + 1)
        if verdict is not None:
            return verdict
    return None


def _choices(given: str, wanted: str) -> bool | None:
    letter, chosen = _CHOICE.fullmatch(wanted), _CHOSEN.match(given)
    return chosen[1] == letter[1] if letter and chosen and chosen[1].isupper() else None


def _quantities(given: str, wanted: str) -> bool | None:
    one, other = quantity(given), quantity(wanted)
    if one is None or other is None:
        # "1 2" is two numbers, and no spelling of twelve.
        return False if (one and _SPACED.fullmatch(wanted)) or (other and _SPACED.fullmatch(given)) else None
    if one.unit and other.unit and one.unit != other.unit:
        return False if {one.unit, other.unit} <= KNOWN_UNITS else None
    return one.value == other.value or _rounded(one, other)


def _rounded(given: Quantity, wanted: Quantity) -> bool:
    """Whether `wanted` is `given`, rounded. Only a reference with three decimals or more is taken for rounded."""
    return wanted.decimals >= 3 and abs(given.value - wanted.value) * 2 * 10**wanted.decimals <= 1


def _words(given: str, wanted: str) -> bool | None:
    if _worded(given) and _worded(wanted):
        if given.casefold() == wanted.casefold():
            # x and X are two variables; East and east are one word.
            return True if len(wanted) >= 3 else None
        # xy and yx are one product; cat and act are two words.
        return False if max(len(given), len(wanted)) >= 3 else None
    for word, value in ((wanted, given), (given, wanted)):
        if _worded(word) and len(word) >= 3 and not NUMBER_WORDS & set(re.split("[ '-]", word.casefold())):
            return False if quantity(value) else None
    return None


def _worded(text: str) -> bool:
    """Whether `text` is words, and no sum or product of variables."""
    lengths = [len(part) for part in re.split("[ '-]", text)]
    return bool(_WORDS.fullmatch(text)) and (len(lengths) == 1 or max(lengths) >= 3)


def _based(given: str, wanted: str) -> bool | None:
    one, other = _BASED.fullmatch(given), _BASED.fullmatch(wanted)
    if one and other:
        values = _in_base(*one.groups()), _in_base(*other.groups())
        return None if None in values else values[0] == values[1]
    # Asked for in a base, the base itself may stay unsaid.
    return True if (one and one[1] == wanted) or (other and other[1] == given) else None


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
    named = _NAMED.match(text)
    if not named or len(re.findall(r"=|\\in(?![A-Za-z])|[<>]", text)) > 1:
        return "", text
    return named[1], text[named.end() :]


def _unions(given: str, wanted: str, depth: int) -> bool | None:
    one, other = re.split(r"\\cup(?![A-Za-z])", given), re.split(r"\\cup(?![A-Za-z])", wanted)
    if len(one) != len(other) or len(one) == 1:
        return None
    # The parts may stand in another order, so a difference decides nothing.
    return True if all(_same(*pair, depth) for pair in zip(one, other, strict=True)) else None


def _groups(given: str, wanted: str, depth: int) -> bool | None:
    one, other = _group(given), _group(wanted)
    if one is None or other is None:
        return None
    (left, inside, right), (wanted_left, wanted_inside, wanted_right) = one, other
    if len(inside) == len(wanted_inside) == 1:
        return None
    if "{" in (left, wanted_left):
        return _in_any_order(inside, wanted_inside, depth) if left == wanted_left else None
    if (left, right) != (wanted_left, wanted_right) or len(inside) != len(wanted_inside):
        return False
    verdicts = [_same(*pair, depth) for pair in zip(inside, wanted_inside, strict=True)]
    return False if False in verdicts else True if all(verdicts) else None


def _lists(given: str, wanted: str, depth: int) -> bool | None:
    if _group(given) or _group(wanted):
        return None
    one, other = _split(given), _split(wanted)
    return _in_any_order(one, other, depth) if max(len(one), len(other)) > 1 else None


def _in_any_order(given: list[str], wanted: list[str], depth: int) -> bool | None:
    values, wanted_values = _values(given), _values(wanted)
    if values is not None and wanted_values is not None:
        return values == wanted_values
    if len(given) != len(wanted):
        return None
    return True if all(_same(*pair, depth) for pair in zip(given, wanted, strict=True)) else None


def _values(parts: list[str]) -> list[Fraction] | None:
    found = [quantity(part) for part in parts]
    return None if None in found else sorted(one.value for one in found if one is not None)


def _group(text: str) -> tuple[str, list[str], str] | None:
    """Opening, parts and closing of a text that is one bracketed group, be it half open; None for anything else."""
    text = text.replace("\\{", "{").replace("\\}", "}") if text.startswith("\\{") and text.endswith("\\}") else text
    if len(text) < 2 or text[0] not in _OPEN or text[-1] not in _CLOSED:
        return None
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in _OPEN) - (letter in _CLOSED)
        if depth == 0 and place < len(text) - 1:
            return None
    return text[0], _split(text[1:-1]), text[-1]


def _split(text: str) -> list[str]:
    """`text` at its outermost commas."""
    parts, depth, start = [], 0, 0
    for place, letter in enumerate(text):
        depth += (letter in _OPEN) - (letter in _CLOSED)
        if letter == "," and depth == 0:
            parts.append(text[start:place])
            start = place + 1
    return [*parts, text[start:]]
