"""Exact parsing of written numbers: digits, thousands separators, decimals, fractions, mixed numbers, units."""

import re
from dataclasses import dataclass
from fractions import Fraction

from skyassets.stages.equivalence.number_words import number_in_words
from skyassets.stages.equivalence.units import Unit, unit

MONEY = unit("dollar")
LONGEST = 120
LARGEST_EXPONENT = 300
CHANGING = frozenset(
    {
        "dozen", "hundred", "thousand", "million", "billion", "trillion", "k", "bn", "squared", "cubed", "factorial",
        "pi", "or", "and", "to", "mod", "over", "times", "plus", "minus", "more", "less", "choose", "half", "halves",
        "third", "thirds", "quarter", "quarters", "fourths", "fifths", "sixths", "sevenths", "eighths", "ninths",
        "tenths", "hundredths", "thousandths", "below", "under", "short", "off", "unless", "if", "not", "except",
        "bc", "bce", "ago", "early", "late", "loss", "base",
    }
)  # fmt: skip
"""Words after a number that are not units: they change its value."""
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
_CURRENCY = re.compile(r"(?:(?:USD|US) ?\\?\$?|\\?\$|€|£|EUR |GBP |\\(?:euro|pounds)(?![A-Za-z]))")
MULTIPLES = {
    "dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12,
}  # fmt: skip
_MANY = re.compile(rf"(.*\d) ?({'|'.join(MULTIPLES)})( [a-z]+)?", re.IGNORECASE)
_SYMBOLS = r"[A-Za-z]+(?:\^?\{?-?\d\}?)?"
_GROUP = r"\\(?:text|mbox|mathrm|textrm|rm|operatorname) ?\{(?:[^{}]|\{[^{}]*\})*\}(?:\^(?:\{ ?-?\d ?\}|\d))?"
_JOINED = r"(?: |\\cdot|\\times|/|\\mu(?![A-Za-z]))*"
_UNIT = re.compile(
    r"(?P<percent> ?\\?%| ?percent$| ?per cent$)|(?P<degree> ?\^\\circ| degrees?$| ?\\text\{ ?degrees? ?\})|"
    rf"(?P<inside>(?: ?\\mu)? ?{_GROUP}(?:{_JOINED}{_GROUP})*)|"
    rf" (?P<bare>{_SYMBOLS}(?:[ /]{_SYMBOLS}){{0,3}})"
)
_MARKUP = re.compile(r"\\(?:text|mbox|mathrm|textrm|rm|operatorname|cdot|times)(?![A-Za-z])|[{}]")
_LETTER = re.compile(r".*\d ?[A-Za-z]")


@dataclass(frozen=True)
class Quantity:
    """An exact value, its unit (None if there is none), and its number of written decimals (0 for none)."""

    value: Fraction
    unit: Unit | None = None
    decimals: int = 0

    @property
    def is_rounded(self) -> bool:
        """Whether the number may be rounded: it has two or more decimals and is not an amount of money."""
        return self.decimals >= 2 and (self.unit is None or self.unit.powers != MONEY.powers)


def quantity(text: str) -> Quantity | None:
    """Parse all of `text`, which has to be tidied, as a number; None if it is not one."""
    if len(text) > LONGEST:
        return None
    if not any(letter.isdigit() for letter in text):
        number = number_in_words(text)
        return None if number is None else Quantity(number)
    if many := _MANY.fullmatch(text):
        amount = quantity(many[1] + (many[3] or ""))
        return amount and Quantity(amount.value * MULTIPLES[many[2].casefold()], amount.unit)
    core, unit = without_unit(text)
    if core is None:
        return None
    while core.startswith("(") and core.endswith(")") and not re.search("[(,]", core[1:]):
        core = core[1:-1].strip()
    sign = -1 if core.startswith("-") else 1
    body = core.removeprefix("-").removeprefix("+").strip()
    if _CURRENCY.match(body):
        body, unit = _CURRENCY.sub("", body, count=1).strip(), unit or MONEY
        sign, body = (-sign, body[1:]) if body.startswith("-") else (sign, body)
    for form, pattern in _FORMS:
        match = pattern.fullmatch(body)
        if match:
            value = _value(form, match)
            decimals = len(body.partition(".")[2]) if form == "decimal" else 0
            return None if value is None else Quantity(sign * value, unit, decimals)
    return None


def without_unit(text: str) -> tuple[str | None, Unit | None]:
    """The part before the unit, and the unit. The first is None if the words would change the value."""
    for match in _UNIT.finditer(text):
        if match.end() != len(text) or match.start() == 0:
            continue
        if match["percent"]:
            return text[: match.start()], unit("%")
        if match["degree"]:
            return text[: match.start()], unit("degree")
        words = _written(match["inside"]) if match["inside"] else match["bare"]
        if CHANGING & set(re.findall("[a-z]+", words.casefold())) or not words.strip():
            return None, None
        measured = unit(words)
        if _LETTER.fullmatch(text) and not measured.is_known:
            return text, None  # 5 x is a product
        return text[: match.start()], measured
    return text, None


def _written(unit: str) -> str:
    """A unit in LaTeX as plain text."""
    return re.sub(r"\\mu\s*", "µ", _MARKUP.sub(" ", unit))


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
