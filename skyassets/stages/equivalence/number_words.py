"""Numbers in English words: twenty-one, two hundred and five, three quarters."""

import re
from fractions import Fraction

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_VALUES = {word: value for value, word in enumerate(_ONES)} | {word: 10 * at for at, word in enumerate(_TENS, 2)}
_PARTS = {
    "half": 2, "halves": 2, "third": 3, "quarter": 4, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8,
    "ninth": 9, "tenth": 10,
}  # fmt: skip
_WORD = re.compile(r"[a-z]+")
LONGEST = 100

COUNTING = frozenset({*_VALUES, "hundred", *_SCALES})
"""The words that whole numbers consist of."""
PARTIAL = frozenset({*_PARTS, *(f"{part}s" for part in _PARTS)})


def number_in_words(text: str) -> Fraction | None:
    """Parse all of `text` as a number; None if it is not one."""
    if len(text) > LONGEST or not re.fullmatch(r"[A-Za-z]+(?:[ -][A-Za-z]+)*", text):
        return None
    words = _WORD.findall(text.casefold())
    sign = 1
    if words[0] in {"minus", "negative"}:
        sign, words = -1, words[1:]
    if not words:
        return None
    if words[-1] in PARTIAL:
        part = words[-1]
        top = _whole(words[:-1]) if words[:-1] not in ([], ["a"]) else 1
        return None if top is None else sign * Fraction(top, _PARTS.get(part) or _PARTS[part.removesuffix("s")])
    value = _whole(words)
    return None if value is None else Fraction(sign * value)


def _whole(words: list[str]) -> int | None:
    """Each group before a scale word has up to three digits, and the scales decrease."""
    total, group, last = 0, 0, 10**12
    room = 1000
    for place, word in enumerate(words):
        if word == "and":
            if place == 0 or place == len(words) - 1 or words[place - 1] == "and":
                return None
        elif word in _VALUES:
            value = _VALUES[word]
            size = 100 if value >= 20 else 10 if value < 10 else 100
            if size > room or (group and value == 0):
                return None
            group, room = group + value, 10 if value >= 20 else 1
        elif word == "hundred" and 0 < group < 10:
            group, room = group * 100, 100
        elif word in _SCALES and group and _SCALES[word] < last:
            last = _SCALES[word]
            total, group, room = total + group * last, 0, 1000
        else:
            return None
    return total + group
