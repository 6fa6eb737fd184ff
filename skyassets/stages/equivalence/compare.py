"""Compares two final answers by parsing alone: numbers, words, choices, and groups of them.

Exact: a hundred is not one, an open interval is not a closed one. `None` means that the comparison needs algebra.
Stored answers are never changed; everything here works on copies.
"""

import re
from collections.abc import Iterable
from fractions import Fraction

from skyassets.stages.equivalence.angles import same_measure
from skyassets.stages.equivalence.constants import same_constant
from skyassets.stages.equivalence.latex import group, split, tidy
from skyassets.stages.equivalence.number import quantity
from skyassets.stages.equivalence.numeric import differ, value
from skyassets.stages.equivalence.prose import is_prose
from skyassets.stages.equivalence.single_values import may_be_product, measured, same_value

LONGEST, DEEPEST, LONGEST_LIST = 1000, 6, 12
_AND = re.compile(r"\s*,?\s*(?:\\(?:text|mbox|mathrm)\s*\{\s*(?:and|or)\s*\}|(?<![A-Za-z])(?:and|or)(?![A-Za-z]))\s*")
_MATRIX = re.compile(r"\\begin\{([pb]?matrix)\}(.*?)(?:\\\\)?\\end\{\1\}", re.DOTALL)
NAME = (
    r"(?:\\(?:overline|vec|hat|widehat|mathbf|mathrm|text) ?\{[^{}]{1,30}\}|(?:m ?)?\\(?:angle|triangle) ?[A-Z]{1,3}|"
    r"\|?[A-Z]{2,4}\|?|[A-Za-z]|\\(?!frac|sqrt|text|sin|cos|tan|log|ln)[A-Za-z]+)"
    r"'?(?:_(?:\w|\{[\w, ]{1,12}\}))?(?: ?\([A-Za-z0-9, ]{1,12}\))?"
)
"""What a value is called: `x`, `AB`, `S_{100}`, `f(2)`, `\\angle ABC`, `\\omega(r)`."""
_NAMED = re.compile(rf"({NAME})\s*(?:=|\\in(?![A-Za-z]))\s*(?![=<>])")
_LABEL = re.compile(r"(?<![A-Za-z\\])\(([a-h])\)")
_CASES = re.compile(r"\\begin\{cases\}(.*?)(?:\\\\)?\s*\\end\{cases\}", re.DOTALL)
_IF = re.compile(r"\\(?:text|mbox) ?\{ ?(?:if|for|when|,| )* ?\}|(?<![A-Za-z])(?:if|for|when)(?![A-Za-z])|^,|,$")
_OR = re.compile(r"\\(?:text|mbox|mathrm) ?\{ ?or ?\}|(?<![A-Za-z])or(?![A-Za-z])|\\lor(?![A-Za-z])|\\vee(?![A-Za-z])")
_ONE_SIDED = re.compile(r"([A-Za-z]) ?(<|>|\\le(?![A-Za-z])|\\ge(?![A-Za-z])) ?([^<>=A-Za-z]+|[^<>=]*\\[^<>=]+)")
_TWO_SIDED = re.compile(r"([^<>=]+?) ?(<|\\le(?![A-Za-z])) ?([A-Za-z]) ?(<|\\le(?![A-Za-z])) ?([^<>=]+)")
_SERIES = ("xyz", "abcd", "mn", "pqr", "rst", "uvw", "jkl", "hk")
"""Letters whose order in a tuple is that of the alphabet."""


def same(answer: str, gold: str) -> bool | None:
    """Whether `answer` equals `gold`; None if parsing alone cannot decide."""
    if not answer.strip() or not gold.strip():
        return False
    if len(answer) > LONGEST or len(gold) > LONGEST:
        return True if answer.strip() == gold.strip() else None
    return _same(answer, gold, 0)


def aligned(given: str, wanted: str) -> tuple[str, str]:
    """Two tidied answers with one spelling for what may be written in two: angles, and a constant of integration."""
    one, other = same_measure(given, wanted)
    return same_constant(one, other), other


def _same(answer: str, gold: str, depth: int) -> bool | None:
    given, wanted = aligned(tidy(answer), tidy(gold))
    if given == wanted:
        return True
    if depth > DEEPEST:
        return None
    verdict = same_value(given, wanted)
    for take_apart in (_labelled, _named, _unions, _cases, _matrices, _named_tuple, _groups, _lists):
        if verdict is None:
            verdict = take_apart(given, wanted, depth + 1)
    if verdict is not None:
        return verdict
    if is_prose(given) or is_prose(wanted) or may_be_product(given) or may_be_product(wanted):
        return None
    return False if differ(measured(given)[0], measured(wanted)[0]) or _unlike(given, wanted) else None


def _unlike(given: str, wanted: str) -> bool:
    """Whether one is a single value and the other is several values or a range."""
    return any(_is_composed(one) and value(other) is not None for one, other in ((given, wanted), (wanted, given)))


def _is_composed(text: str) -> bool:
    parts = group(text)
    return bool(_MATRIX.fullmatch(text)) or "\\cup" in text or (parts is not None and len(parts[1]) > 1)


def _labelled(given: str, wanted: str, depth: int) -> bool | None:
    """Whether the parts (a), (b), ... agree. A list without labels has them in their order."""
    one, other = labelled(given), labelled(wanted)
    if not one and not other:
        return None
    values, wanted_values = (parts or split(text) for parts, text in ((one, given), (other, wanted)))
    if len(values) != len(wanted_values):
        return False if one and other else None
    return _all_same(zip(values, wanted_values, strict=True), depth)


def labelled(text: str) -> list[str]:
    """The parts of an answer in parts (a), (b), ..., in this order; empty if it is none."""
    parts = _LABEL.split(text)
    letters = "".join(parts[1::2])
    values = [part.strip().strip(",;").strip() for part in parts[2::2]]
    is_labelled = not parts[0].strip() and len(letters) > 1 and letters == "abcdefgh"[: len(letters)]
    return values if is_labelled and all(values) else []


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
    one, other = _ranges(given), _ranges(wanted)
    if len(one) != len(other) or len(one) == 1:
        return None
    # The parts may be in another order, so a difference decides nothing.
    return True if all(_same(*pair, depth) for pair in zip(one, other, strict=True)) else None


def _ranges(text: str) -> list[str]:
    """The parts of a union; inequalities joined by "or" are parts too, as intervals."""
    parts = _OR.split(text)
    if len(parts) > 1 and all(intervals := [_interval(part.strip()) for part in parts]):
        return sorted(intervals, key=lambda interval: "-\\infty" not in interval)
    return re.split(r"\\cup(?![A-Za-z])", text)


def _interval(inequality: str) -> str:
    """An inequality of one letter as an interval; empty if it is none."""
    if two := _TWO_SIDED.fullmatch(inequality):
        return f"{'(' if two[2] == '<' else '['}{two[1]},{two[5]}{')' if two[4] == '<' else ']'}"
    if one := _ONE_SIDED.fullmatch(inequality):
        is_open = one[2] in "<>"
        if one[2] in ("<", "\\le"):
            return f"(-\\infty,{one[3]}{')' if is_open else ']'}"
        return f"{'(' if is_open else '['}{one[3]},\\infty)"
    return ""


def _cases(given: str, wanted: str, depth: int) -> bool | None:
    """Whether two definitions by cases agree, case by case, in any order."""
    one, other = (_cases_of(text) for text in (given, wanted))
    if not one or not other or len(one) != len(other):
        return None
    verdicts = list[bool | None]()
    for case, condition in one:
        matching = [each for each, when in other if _same(condition, when, depth)]
        verdicts.append(_same(case, matching[0], depth) if len(matching) == 1 else None)
    return False if False in verdicts else True if all(verdicts) else None


def _cases_of(text: str) -> list[tuple[str, str]]:
    """Each value with its condition; empty if `text` is no definition by cases."""
    body = _CASES.fullmatch(text)
    if not body:
        return []
    rows = [row.split("&") for row in re.split(r"\\\\", body[1]) if row.strip()]
    if any(len(row) != 2 for row in rows):
        return []
    return [(value.strip().rstrip(","), _IF.sub(" ", condition).strip()) for value, condition in rows]


def _named_tuple(given: str, wanted: str, depth: int) -> bool | None:
    """Whether values named by successive letters, in any order, are those of a tuple: y=1, x=2 and (2, 1)."""
    for named, tuple_ in ((given, wanted), (wanted, given)):
        (left, parts), values = _listed(named), group(tuple_)
        if left or values is None or values[0] != "(" or len(parts) != len(values[1]) or len(parts) < 2:
            continue
        assigned = sorted(_assignment(part) for part in parts)
        if any("".join(name for name, _ in assigned) in series for series in _SERIES) and all(n for n, _ in assigned):
            pairs = [(value, whole) for (_, value), whole in zip(assigned, values[1], strict=True)]
            return _all_same(pairs if named == given else [(b, a) for a, b in pairs], depth)
    return None


def _matrices(given: str, wanted: str, depth: int) -> bool | None:
    one, other = _MATRIX.fullmatch(given), _MATRIX.fullmatch(wanted)
    if not one or not other:
        return None
    rows, wanted_rows = ([row.split("&") for row in re.split(r"\\\\", matrix[2])] for matrix in (one, other))
    if [len(row) for row in rows] != [len(row) for row in wanted_rows]:
        return False
    pairs = [pair for row, other in zip(rows, wanted_rows, strict=True) for pair in zip(row, other, strict=True)]
    return _all_same(pairs, depth)


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
    return _all_same(zip(inside, wanted_inside, strict=True), depth)


def _all_same(pairs: Iterable[tuple[str, str]], depth: int) -> bool | None:
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
            return _all_same(((value, wanted_named[name]) for name, value in named.items()), depth)
        verdict = _in_any_order(one, other, depth)
        # 1,234 is one number, but may also be two.
        return None if verdict and (quantity(given) is None) != (quantity(wanted) is None) else verdict
    if min(len(one), len(other)) < 2:
        return None
    return _all_same(zip(one, other, strict=True), depth) if len(one) == len(other) else False


def is_ordered(given: str, wanted: str) -> bool:
    """Whether order matters: for a tuple compared with a list, or if only one side names its parts."""
    (left, one), (wanted_left, other) = _listed(given), _listed(wanted)
    names, wanted_names = ({_assignment(part)[0] for part in parts} for parts in (one, other))
    unnamed = ("" in names and len(wanted_names) > 1) or ("" in wanted_names and len(names) > 1)
    return unnamed or "(" in (left, wanted_left)


def _listed(text: str) -> tuple[str, list[str]]:
    """The opening bracket of a list, empty if there is none, and the parts."""
    parts = group(text)
    return (parts[0], parts[1]) if parts else ("", _signed(split(_AND.sub(",", text))))


def _signed(parts: list[str]) -> list[str]:
    """`parts` with every plus-or-minus expanded to both values."""
    both = [part for part in parts if part.count("\\pm") == 1 and "\\mp" not in part]
    if not both or len(parts) > LONGEST_LIST:
        return parts
    return [part for part in parts if part not in both] + [part.replace("\\pm", sign) for part in both for sign in "+-"]


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
    values = [one for part in parts if not is_prose(part) and (one := value(part)) is not None]
    return len({complex(round(one.real, 6), round(one.imag, 6)) for one in values}) if len(values) == len(parts) else 0


def _values(parts: list[str]) -> list[Fraction] | None:
    quantities = [quantity(part) for part in parts]
    return None if None in quantities else sorted(one.value for one in quantities if one is not None)
