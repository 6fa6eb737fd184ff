"""Units of measurement: which ones measure the same quantity, and their exact conversion factors."""

import re
from dataclasses import dataclass
from fractions import Fraction

_INCH = Fraction(254, 10_000)
_MEASURES: dict[str, dict[str, Fraction]] = {
    "length": {
        "millimeter": Fraction(1, 1000), "centimeter": Fraction(1, 100), "meter": Fraction(1),
        "kilometer": Fraction(1000), "inch": _INCH, "foot": 12 * _INCH, "yard": 36 * _INCH, "mile": 63_360 * _INCH,
    },
    "mass": {"milligram": Fraction(1, 1000), "gram": Fraction(1), "kilogram": Fraction(1000)},
    "time": {
        "second": Fraction(1), "minute": Fraction(60), "hour": Fraction(3600), "day": Fraction(86_400),
        "week": Fraction(604_800),
    },
    "volume": {"milliliter": Fraction(1, 1000), "liter": Fraction(1)},
    "money": {"dollar": Fraction(1), "cent": Fraction(1, 100)},
    "angle": {"degree": Fraction(1)},
    "share": {"%": Fraction(1)},
}  # fmt: skip
_MEASURE = {name: (measure, size) for measure, units in _MEASURES.items() for name, size in units.items()}
_SHORT = {
    "mm": "millimeter", "cm": "centimeter", "m": "meter", "km": "kilometer", "in": "inch", "inche": "inch",
    "ft": "foot", "feet": "foot", "yd": "yard", "mi": "mile", "mg": "milligram", "g": "gram", "kg": "kilogram",
    "s": "second", "sec": "second", "min": "minute", "h": "hour", "hr": "hour", "ml": "milliliter", "l": "liter",
    "metre": "meter", "centimetre": "centimeter", "millimetre": "millimeter", "kilometre": "kilometer",
    "litre": "liter", "millilitre": "milliliter", "gramme": "gram", "usd": "dollar", "currency": "dollar",
}  # fmt: skip
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_SPEED = re.compile(r"\bmph\b", re.IGNORECASE)


@dataclass(frozen=True)
class Unit:
    """The dimensions, as powers of measures or of unknown unit words, and the conversion factor."""

    powers: tuple[tuple[str, int], ...]
    size: Fraction
    is_known: bool


def unit(text: str) -> Unit:
    """Parse `text` as a unit, in words or symbols (`cm^2`, `miles per hour`, `m/s^2`, `apples`)."""
    over, *under = re.split(r"\s*/\s*|\s+per\s+", _SPEED.sub("mile / hour", text))
    powers: dict[str, int] = {}
    size, is_known = Fraction(1), True
    for part, sign in ((over, 1), *((part, -1) for part in under)):
        for name, power in _named(part):
            measure, one = _MEASURE.get(name, (name, Fraction(1)))
            is_known = is_known and name in _MEASURE
            powers[measure] = powers.get(measure, 0) + sign * power
            size *= one ** (sign * power)
    return Unit(tuple(sorted((name, power) for name, power in powers.items() if power)), size, is_known)


def _named(part: str) -> list[tuple[str, int]]:
    """The units of a product, each with its power."""
    units, raised = [], 1
    for word, power in re.findall(r"([^\W\d_]+|%)\s*(?:\^?\s*\{?(-?\d)\}?)?", part):
        folded = word.casefold()
        if folded in _POWERS:
            raised = _POWERS[folded]
            continue
        name = folded if len(folded) == 1 else folded.removesuffix("s")
        units.append((_SHORT.get(name, name), int(power) if power else raised))
        raised = 1
    return units
