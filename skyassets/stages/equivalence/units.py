"""Units of measurement: which ones measure the same quantity, and their exact conversion factors.

Source of the factors: The International System of Units (BIPM, 9th edition), and its table 8 for units outside it.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

_INCH = Fraction(254, 10_000)
_KILO, _MILLI = Fraction(1000), Fraction(1, 1000)
Powers = dict[str, int]
"""Base quantities with their exponents."""

_LENGTH, _MASS, _TIME, _AREA, _VOLUME = {"m": 1}, {"kg": 1}, {"s": 1}, {"m": 2}, {"m": 3}
_FORCE: Powers = {"kg": 1, "m": 1, "s": -2}
_ENERGY: Powers = {"kg": 1, "m": 2, "s": -2}
_POWER: Powers = {"kg": 1, "m": 2, "s": -3}
_PRESSURE: Powers = {"kg": 1, "m": -1, "s": -2}
_VOLTAGE: Powers = {"kg": 1, "m": 2, "s": -3, "A": -1}

_NAMED: dict[str, tuple[Powers, Fraction]] = {
    "meter": (_LENGTH, Fraction(1)), "inch": (_LENGTH, _INCH), "foot": (_LENGTH, 12 * _INCH),
    "yard": (_LENGTH, 36 * _INCH), "mile": (_LENGTH, 63_360 * _INCH), "angstrom": (_LENGTH, Fraction(1, 10**10)),
    "hectare": (_AREA, Fraction(10_000)), "acre": (_AREA, 4840 * (36 * _INCH) ** 2),
    "gram": (_MASS, _MILLI), "tonne": (_MASS, _KILO), "pound": (_MASS, Fraction(45_359_237, 10**8)),
    "second": (_TIME, Fraction(1)), "minute": (_TIME, Fraction(60)), "hour": (_TIME, Fraction(3600)),
    "day": (_TIME, Fraction(86_400)), "week": (_TIME, Fraction(604_800)),
    "liter": (_VOLUME, _MILLI), "hertz": ({"s": -1}, Fraction(1)),
    "newton": (_FORCE, Fraction(1)), "joule": (_ENERGY, Fraction(1)), "calorie": (_ENERGY, Fraction(4184, 1000)),
    "electronvolt": (_ENERGY, Fraction(1_602_176_634, 10**28)), "watt": (_POWER, Fraction(1)),
    "pascal": (_PRESSURE, Fraction(1)), "bar": (_PRESSURE, Fraction(10**5)),
    "atmosphere": (_PRESSURE, Fraction(101_325)),
    "ampere": ({"A": 1}, Fraction(1)), "coulomb": ({"A": 1, "s": 1}, Fraction(1)), "volt": (_VOLTAGE, Fraction(1)),
    "ohm": ({"kg": 1, "m": 2, "s": -3, "A": -2}, Fraction(1)),
    "farad": ({"kg": -1, "m": -2, "s": 4, "A": 2}, Fraction(1)),
    "henry": ({"kg": 1, "m": 2, "s": -2, "A": -2}, Fraction(1)),
    "weber": ({"kg": 1, "m": 2, "s": -2, "A": -1}, Fraction(1)), "tesla": ({"kg": 1, "s": -2, "A": -1}, Fraction(1)),
    "kelvin": ({"K": 1}, Fraction(1)), "mole": ({"mol": 1}, Fraction(1)),
    "celsius": ({"celsius": 1}, Fraction(1)), "fahrenheit": ({"fahrenheit": 1}, Fraction(1)),
    "dollar": ({"money": 1}, Fraction(1)), "cent": ({"money": 1}, Fraction(1, 100)),
    "degree": ({"angle": 1}, Fraction(1)), "%": ({"share": 1}, Fraction(1)),
}  # fmt: skip
"""A unit's name to what it measures in base quantities, and its size in their units."""
TEMPERATURES = (("K",), ("celsius",), ("fahrenheit",))
"""Scales of temperature that differ by more than a factor."""
_WORDS = {
    "inche": "inch", "feet": "foot", "metre": "meter", "litre": "liter", "gramme": "gram", "ton": "tonne",
    "hr": "hour", "sec": "second", "min": "minute", "usd": "dollar", "currency": "dollar", "yd": "yard", "mi": "mile",
    "ft": "foot", "in": "inch", "lb": "pound", "amp": "ampere",
    "henrie": "henry", "celsiu": "celsius",
}  # fmt: skip
"""Other spellings, in lower case and without the s of a plural."""
_SYMBOLS = {
    "m": "meter", "g": "gram", "s": "second", "h": "hour", "d": "day", "l": "liter", "L": "liter", "Hz": "hertz",
    "N": "newton", "J": "joule", "cal": "calorie", "eV": "electronvolt", "W": "watt", "Pa": "pascal", "bar": "bar",
    "atm": "atmosphere", "A": "ampere", "C": "coulomb", "V": "volt", "Ω": "ohm", "F": "farad", "H": "henry",
    "Wb": "weber", "T": "tesla", "K": "kelvin", "mol": "mole", "t": "tonne", "Å": "angstrom",
}  # fmt: skip
_PREFIXES = {
    "T": 12, "G": 9, "M": 6, "k": 3, "c": -2, "m": -3, "µ": -6, "μ": -6, "u": -6, "n": -9, "p": -12, "f": -15,
    "tera": 12, "giga": 9, "mega": 6, "kilo": 3, "centi": -2, "milli": -3, "micro": -6, "nano": -9, "pico": -12,
    "femto": -15, "deci": -1, "d": -1,
}  # fmt: skip
_PREFIXED = re.compile("(tera|giga|mega|kilo|deci|centi|milli|micro|nano|pico|femto)([a-z]+)")
_UNPREFIXED = frozenset({"h", "d", "atm", "t", "Å"})
_POWERS = {"square": 2, "sq": 2, "cubic": 3, "cu": 3}
_SPEED = re.compile(r"\bmph\b", re.IGNORECASE)


@dataclass(frozen=True)
class Unit:
    """The dimensions, as powers of base quantities or of unknown unit words, and the conversion factor."""

    powers: tuple[tuple[str, int], ...]
    size: Fraction
    is_known: bool

    @property
    def is_temperature(self) -> bool:
        """Whether it is a scale of temperature alone."""
        return tuple(name for name, _ in self.powers) in TEMPERATURES


def unit(text: str) -> Unit:
    """Parse `text` as a unit, in words or symbols (`cm^2`, `miles per hour`, `m/s^2`, `N m`, `apples`)."""
    over, *under = re.split(r"\s*/\s*|\s+per\s+", _SPEED.sub("mile / hour", text))
    powers: dict[str, int] = {}
    size, is_known = Fraction(1), True
    for part, sign in ((over, 1), *((part, -1) for part in under)):
        for word, power in _words(part):
            measures, one = _measure(word) or ({_singular(word): 1}, Fraction(1))
            is_known = is_known and _measure(word) is not None
            for base, exponent in measures.items():
                powers[base] = powers.get(base, 0) + sign * power * exponent
            size *= one ** (sign * power)
    return Unit(tuple(sorted((name, power) for name, power in powers.items() if power)), size, is_known)


def _words(part: str) -> list[tuple[str, int]]:
    """The words of a product, each with its power."""
    words, raised = [], 1
    for word, power in re.findall(r"([^\W\d_]+|%)\s*(?:\^?\s*\{?\s*([-−]?\d)\s*\}?)?", part):
        if word.casefold() in _POWERS:
            raised = _POWERS[word.casefold()]
            continue
        words.append((word, int(power.replace("−", "-")) if power else raised))
        raised = 1
    return words


def _measure(word: str) -> tuple[Powers, Fraction] | None:
    """What a unit measures and its size; None if it is unknown. Symbols differ by case: mW is not MW."""
    if word in _SYMBOLS:
        return _NAMED[_SYMBOLS[word]]
    prefix, symbol = word[:1], word[1:]
    if prefix in _PREFIXES and symbol in _SYMBOLS and symbol not in _UNPREFIXED and word.casefold() not in _WORDS:
        return _scaled(prefix, _SYMBOLS[symbol])
    name = _singular(word)
    if name in _NAMED:
        return _NAMED[name]
    prefixed = _PREFIXED.fullmatch(name)
    if prefixed and (rest := _WORDS.get(prefixed[2], prefixed[2])) in _NAMED:
        return _scaled(prefixed[1], rest)
    lower = word.casefold()
    if lower != word and len(word) > 1 and lower in {"cm", "mm", "km", "kg", "mg", "ml"}:
        return _measure(lower)  # CM, Kg
    return _measure(word[:-1]) if word.endswith("s") and len(word) > 2 else None  # lbs, kgs


def _scaled(prefix: str, name: str) -> tuple[Powers, Fraction]:
    powers, size = _NAMED[name]
    return powers, size * Fraction(10) ** _PREFIXES[prefix]


def _singular(word: str) -> str:
    """The name of a unit word; a word that is no unit keeps its singular."""
    folded = word.casefold()
    name = folded if len(folded) == 1 else folded.removesuffix("s")
    return _WORDS.get(name, _WORDS.get(folded, name))
