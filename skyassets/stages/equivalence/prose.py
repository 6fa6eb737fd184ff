"""Compares answers in words: whether they match the reference, or cannot match because its words are missing.

Words are never passed to algebra, which would parse them as products of letters.
"""

import re
from fractions import Fraction

from skyassets.stages.equivalence.number import CHANGING, Quantity, quantity
from skyassets.stages.equivalence.number_words import COUNTING, PARTIAL, number_in_words

_TEXT = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox|rm|operatorname)\s*\{([^{}]*)\}")
_COMMAND = re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}|\\[A-Za-z]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_DIGITS = re.compile(r"(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?(?:\s*/\s*\d+)?")
_FORMULA = re.compile(r"[\\^=+*<>_{}$]|\d\s*[!%]|(?<!\w)-\s*[A-Za-z(]")
_FACTORS = re.compile(
    r"(?:(?<=[-+*/^={(\d])|^)(?!(?:or|and|not|no)(?![a-z]))[A-Za-z]{2,3}(?=[-+*/^=})]|$)|"
    r"(?<![A-Za-z])[b-df-hj-np-tv-xz]{3}(?![A-Za-z])"
)
"""Letters of a formula that are factors of a product, not a word: the `at` of `e^{-at}`, and `xyz`."""
_DOT = re.compile(r"\.(?!\d)")
_CLOCK = re.compile(r"\b(\d{1,2}:\d\d)\s*([ap])\s*m\b")
_FUNCTIONS = frozenset(
    {
        "sin", "cos", "tan", "cot", "sec", "csc", "log", "ln", "exp", "arcsin", "arccos", "arctan", "sinh", "cosh",
        "tanh", "max", "min", "gcd", "lcm", "mod", "det", "deg", "sqrt", "frac",
    }
)  # fmt: skip
_JOINING = frozenset({"or", "and", "not", "no", "is", "if", "of", "the", "to", "by", "in", "at", "it"})
_FILLING = frozenset(
    {
        "the", "a", "an", "is", "it", "was", "word", "answer", "option", "choice", "named", "called", "final", "just",
        "simply", "so",
    }
)  # fmt: skip
_OPEN = frozenset({"infinity", "infinite", "infinitely", "once", "twice", "thrice", "pair", "couple", "dozen", "none"})
_SAME = (
    (re.compile(r"\\(?:emptyset|varnothing)(?![a-z])|∅|\\\{\\\}|empty set|null set"), "the empty set"),
    (re.compile(r"\\infty(?![a-z])|infinity"), "infinity"),
    (re.compile(r"\\mathbb\s*\{?r\}?|\(-infinity,\s*infinity\)|all real numbers|all reals|ℝ"), "every real number"),
    (re.compile(r"\bdne\b|does not exist|doesn't exist"), "what does not exist"),
    (re.compile(r"\b(?:there (?:is|are) )?no (?:real )?solutions?(?: exists?)?\b"), "no solution"),
)
MEANINGS = frozenset(meaning for _, meaning in _SAME)
_PLAIN = re.compile(r"[\w ,'/:-]+")


def folded(text: str) -> str:
    """`text` in lowercase, without wrappers, and with one spelling for each word or symbol that has several."""
    text = _DOT.sub("", _TEXT.sub(r" \1 ", text)).casefold()
    text = _CLOCK.sub(r"\1 \2m", " ".join(text.split()))
    for pattern, meaning in reversed(_SAME):
        text = pattern.sub(meaning, text)
    for pattern, meaning in _SAME[:3]:
        text = pattern.sub(meaning, text)
    return re.sub(r"^(?:the|an?) ", "", " ".join(text.split()))


def is_prose(text: str) -> bool:
    """Whether `text` contains words and is not just a formula."""
    words = _words(text)
    return any(len(word) >= 4 or word in _JOINING for word in words) or (
        len(words) >= 2 and any(len(word) >= 3 for word in words)
    )


def same_words(given: str, wanted: str) -> bool | None:
    """Whether a tidied answer and reference agree as words; None if words do not decide it.

    An answer that does not contain the reference's word or value at all is wrong. One that contains it among others
    may state it, deny it or list it: undecided.
    """
    one, other = folded(given), folded(wanted)
    if one in MEANINGS or other in MEANINGS:
        return True if one == other else _unlike(one, other, quantity(given), quantity(wanted))
    if one == other and "\\" not in one and re.search("[a-z]{2}", one):
        return True
    if not (is_prose(given) or is_prose(wanted)):
        return None
    value = quantity(wanted)
    if value is not None:
        return _states(given, value)
    if _is_phrase(other):
        return _names(one, other)
    if _PLAIN.fullmatch(one) and _PLAIN.fullmatch(other):
        words, asked_words = set(_LETTERS.findall(one)), set(_LETTERS.findall(other)) - _FILLING - _JOINING
        differs = sorted(_DIGITS.findall(one)) != sorted(_DIGITS.findall(other))
        return False if differs or (asked_words and not asked_words & words) else None
    return None


def _unlike(one: str, other: str, value: Quantity | None, wanted: Quantity | None) -> bool | None:
    """Two spelled-out meanings differ, and so do a meaning and a number, but "no solution" may be a count."""
    number = value or wanted
    if number is None:
        return False if one in MEANINGS and other in MEANINGS else None
    return False if number.value or "infinity" in (one, other) else None


def _names(given: str, phrase: str) -> bool | None:
    if not re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", given):
        return False
    rest = _LETTERS.findall(given.replace(phrase, " ", 1)) + _DIGITS.findall(given)
    if set(rest) <= _FILLING:
        return True
    parts = re.split(r",|\band\b|\bor\b", given)
    # Naming two when one was asked for is not an answer.
    return False if len(parts) > 1 and all(len(part.split()) == 1 for part in parts) else None


def _states(given: str, wanted: Quantity) -> bool | None:
    """Whether a sentence can state a number: False if all its numbers are different."""
    words = [word.casefold() for word in _words(given)]
    if _FORMULA.search(_TEXT.sub(r" \1 ", given)) or set(words) & (
        CHANGING - {"and", "or", "to", "per"} | PARTIAL | _OPEN
    ):
        return None
    stated = [_value(digits) for digits in _DIGITS.findall(given)]
    run: list[str] = []
    for word in [*re.findall(r"[A-Za-z]+", given.casefold()), ""]:
        if word in COUNTING or (word == "and" and run):
            run.append(word)
        elif run:
            number = number_in_words(" ".join(run).removesuffix(" and"))
            # "two and three" is not a number, but each of its words is.
            stated += [number] if number is not None else [number_in_words(each) for each in run if each != "and"]
            run = []
    return None if None in stated or wanted.value in stated or -wanted.value in stated else False


def _value(digits: str) -> Fraction | None:
    amount = quantity(digits.rstrip(","))
    return None if amount is None else amount.value


def _words(text: str) -> list[str]:
    bare = _COMMAND.sub(" ", _TEXT.sub(r" \1 ", text))
    if _FORMULA.search(text):
        bare = _FACTORS.sub(" ", bare)
    return [word for word in _LETTERS.findall(bare) if len(word) >= 2 and word.casefold() not in _FUNCTIONS]


def _is_phrase(text: str) -> bool:
    """Whether a reference consists of words only, none of which is a number or an amount."""
    return bool(re.fullmatch(r"[^\W\d_]+(?:[ '-][^\W\d_]+)*", text)) and not (
        set(re.split("[ '-]", text)) & (COUNTING | PARTIAL | _OPEN)
    )
