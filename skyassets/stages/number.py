"""Numbers as people write them: digits, thousands separators, decimals, fractions, mixed numbers, units. Exact."""

import re
from dataclasses import dataclass
from fractions import Fraction

LONGEST = 120
LARGEST_EXPONENT = 300
CHANGING = frozenset(
    {
        "dozen", "hundred", "thousand", "million", "billion", "trillion", "k", "bn", "squared", "cubed", "factorial",
        "pi", "or", "and", "to", "mod", "over", "times", "plus", "minus", "more", "less", "choose", "per",
    }
)  # fmt: skip
"""Words after a number that are no unit: the number alone is not the value."""
_UNITS = {
    "mm": "millimeter", "cm": "centimeter", "m": "meter", "km": "kilometer", "in": "inch", "inche": "inch",
    "ft": "foot", "feet": "foot", "yd": "yard", "mi": "mile", "g": "gram", "kg": "kilogram", "s": "second",
    "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "dollar": "currency", "cent": "cent", "day": "day",
    "week": "week", "month": "month", "year": "year", "l": "liter", "ml": "milliliter",
}  # fmt: skip
KNOWN_UNITS = frozenset(name + power for name in [*_UNITS.values(), "%", "degree"] for power in ("", "2", "3"))
_POWERS = {"square": "2", "sq": "2", "cubic": "3", "cu": "3"}

_WHOLE = r"(?:\d{1,3}(?:,\d{3})+|\d+)"
_PLAIN = rf"(?:{_WHOLE}(?:\.\d*)?|\.\d+)"
_SIGNED = rf"[-+]?{_PLAIN}"
_BARS = rf"\\frac ?(?:\{{ ?({_SIGNED}) ?\}}|(\d)) ?(?:\{{ ?({_SIGNED}) ?\}}|(\d))"
_FORMS = (
    ("decimal", re.compile(rf"{_PLAIN}|\d{{1,3}}(?: \d{{3}})+(?:\.\d+)?")),
    ("fraction", re.compile(_BARS)),
    ("ratio", re.compile(rf"\(?({_SIGNED})\)? ?/ ?\(?({_SIGNED})\)?")),
    ("mixed", re.compile(rf"({_WHOLE}) ?{_BARS}")),
    ("mixed ratio", re.compile(rf"({_WHOLE}) ({_WHOLE})/({_WHOLE})")),
    ("repeating", re.compile(r"(\d*)\.(\d*)\\overline ?\{(\d+)\}")),
    ("scientific", re.compile(rf"({_SIGNED}) ?(?:\\times|\\cdot|\*) ?10 ?\^ ?(?:\{{ ?([-+]?\d+) ?\}}|(\d))")),
    ("scientific", re.compile(rf"({_PLAIN})[eE]([-+]?\d+)()")),
)
_CURRENCY = re.compile(r"(?:\\?\$|€|£|\\(?:euro|pounds)(?![A-Za-z]))")
_UNIT = re.compile(
    r"(?P<percent> ?\\?%| ?percent$| ?per cent$)|(?P<degree> ?\^\\circ| degrees?$| ?\\text\{ ?degrees? ?\})|"
    r"(?P<word> ?\\(?:text|mbox|mathrm|textrm|rm) ?\{(?P<inside>[^{}]*)\}(?:\^\{?\d\}?)?|"
    r" (?P<bare>[A-Za-z]{2,}(?:[ /][A-Za-z]{2,}){0,3})(?:\^\{?\d\}?)?)"
)


@dataclass(frozen=True)
class Quantity:
    """An exact value, what it counts ("" when unsaid), and with how many decimals it was written (0 for none)."""

    value: Fraction
    unit: str = ""
    decimals: int = 0


def quantity(text: str) -> Quantity | None:
    """The number that `text`, tidied, is as a whole; None when it is anything else."""
    if len(text) > LONGEST or not any(letter.isdigit() for letter in text):
        return None
    core, unit = _without_unit(text)
    if core is None:
        return None
    while core.startswith("(") and core.endswith(")") and "(" not in core[1:]:
        core = core[1:-1].strip()
    sign = -1 if core.startswith("-") else 1
    body = core.removeprefix("-").removeprefix("+").strip()
    if _CURRENCY.match(body):
        body, unit = _CURRENCY.sub("", body, count=1).strip(), unit or "currency"
        sign, body = (-sign, body[1:]) if body.startswith("-") else (sign, body)
    for form, pattern in _FORMS:
        match = pattern.fullmatch(body)
        if match:
            value = _value(form, match)
            decimals = len(body.partition(".")[2]) if form == "decimal" else 0
            return None if value is None else Quantity(sign * value, unit, decimals)
    return None


def _without_unit(text: str) -> tuple[str | None, str]:
    """What stands before the unit, and the unit in one spelling; no core when the unit would change the value."""
    for found in _UNIT.finditer(text):
        if found.end() != len(text) or found.start() == 0:
            continue
        if found["percent"]:
            return text[: found.start()], "%"
        if found["degree"]:
            return text[: found.start()], "degree"
        words = (found["inside"] or found["bare"]).casefold().split()
        if CHANGING & set(words) or not words:
            return None, ""
        power = re.search(r"\^\{?(\d)", found[0])
        return text[: found.start()], _unit(words, power[1] if power else "")
    return text, ""


def _unit(words: list[str], power: str) -> str:
    if words[0] in _POWERS and len(words) > 1:
        power, words = _POWERS[words[0]], words[1:]
    names = [word if len(word) == 1 else word.removesuffix("s") for word in words]
    return " ".join(_UNITS.get(name, name) for name in names) + power


def _value(form: str, match: re.Match[str]) -> Fraction | None:
    parts = [part for part in match.groups() if part]
    try:
        if form == "decimal":
            return _plain(match[0])
        if form in {"fraction", "ratio"}:
            return _plain(parts[0]) / _plain(parts[1])
        if form.startswith("mixed"):
            return _plain(parts[0]) + _plain(parts[1]) / _plain(parts[2])
        if form == "repeating":
            return _repeating(match[1], match[2], match[3])
        power = int(parts[1])
        if abs(power) > LARGEST_EXPONENT:
            return None
        return _plain(parts[0]) * (Fraction(10**power) if power >= 0 else Fraction(1, 10**-power))
    except ZeroDivisionError:
        return None


def _plain(digits: str) -> Fraction:
    return Fraction(digits.replace(",", "").replace(" ", "").removesuffix("."))


def _repeating(whole: str, fixed: str, again: str) -> Fraction:
    scale = int("1" + "0" * len(fixed))
    return (int(whole + fixed or "0") + Fraction(int(again), int("9" * len(again)))) / scale
