"""Scorers judge answers to problems that have many correct ones, such as generated puzzles.

The ground truth is then not an answer: it names the scorer and the problem's data, in the form that `scored` writes:

    scorer:countdown {"example": "(8 - 2) * 4", "numbers": [2, 4, 8], "target": 24}

`example` is one correct answer, used to validate the problem. Scorers are pure and exact, and never use `eval`.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from itertools import pairwise

from skyassets.stages.equivalence.arithmetic import arithmetic
from skyassets.stages.equivalence.latex import tidy

Parameters = Mapping[str, object]

PREFIX = "scorer:"
LONGEST = 2000

_WRITTEN = re.compile(rf"\s*{PREFIX}\s*(\w+)\s+(\{{.*\}})\s*", re.DOTALL)
_EQUALS = re.compile(r"=|\\(?:eq|approx)(?![A-Za-z])")
_BETWEEN = re.compile(r"\s*(?:,|;|->|→|=>|\\(?:to|rightarrow|longrightarrow)(?![A-Za-z])|\n)\s*(?:and\s+|then\s+)?")


def scored(scorer: str, parameters: Parameters, example: str) -> str:
    """The ground truth of a problem that `scorer` judges; `example` is one correct answer."""
    return f"{PREFIX}{scorer} {json.dumps({**parameters, 'example': example}, sort_keys=True, ensure_ascii=False)}"


def is_scored(ground_truth: str) -> bool:
    """Whether answers to this ground truth are scored rather than compared."""
    return ground_truth.lstrip().startswith(PREFIX)


def right_answer(ground_truth: str) -> str | None:
    """An answer that is correct by `ground_truth`: itself, or a scorer's example; None if it cannot be parsed."""
    if not is_scored(ground_truth):
        return ground_truth
    read = _read(ground_truth)
    example = None if isinstance(read, str) else read[1].get("example")
    return example if isinstance(example, str) else None


def unusable(ground_truth: str) -> str | None:
    """Why `ground_truth` cannot be used for scoring; None if it can, or if it names no scorer."""
    if not is_scored(ground_truth):
        return None
    read = _read(ground_truth)
    if isinstance(read, str):
        return read
    has_example = isinstance(read[1].get("example"), str)
    return None if has_example else "the reference's facts hold no example of a right answer"


def score(ground_truth: str, answer: str) -> bool | str:
    """Whether `answer` is correct; if that cannot be decided, the reason."""
    read = _read(ground_truth)
    if isinstance(read, str):
        return read
    if len(answer) > LONGEST:
        return f"ungradable: longer than {LONGEST} characters"
    name, parameters = read
    try:
        return SCORERS[name](parameters, answer)
    except (KeyError, TypeError, ValueError) as error:
        return f"the reference is not what the scorer {name} needs: {type(error).__name__} {error}"


def _read(ground_truth: str) -> tuple[str, Parameters] | str:
    written = _WRITTEN.fullmatch(ground_truth)
    if not written:
        return f"the reference is no '{PREFIX}NAME {{...}}'"
    if written[1] not in SCORERS:
        return f"the reference names no scorer: {written[1]!r}; there are {sorted(SCORERS)}"
    try:
        return written[1], dict(json.loads(written[2]))
    except (ValueError, RecursionError) as error:
        return f"the reference's facts are no JSON: {error}"


def countdown(parameters: Parameters, answer: str) -> bool:
    """An expression of `numbers` with the value `target`, using the four operations.

    Each number is used exactly once, or at most once if `all` is false. If the answer has an equals sign, the value
    after it must be the target.
    """
    expression, *stated = _EQUALS.split(tidy(answer))
    target, given = _number(parameters["target"]), Counter(_numbers(parameters["numbers"]))
    if any((value := arithmetic(text)) is None or value.value != target for text in stated):
        return False
    result = arithmetic(expression)
    if result is None or result.value != target:
        return False
    used = Counter(result.numbers)
    return used == given if parameters.get("all", True) else used <= given


def subset_sum(parameters: Parameters, answer: str) -> bool:
    """Some of `numbers`, each used at most as often as given, with the sum `target`."""
    listed, *stated = _EQUALS.split(tidy(answer))
    target, given = _number(parameters["target"]), Counter(_numbers(parameters["numbers"]))
    parts = [arithmetic(part) for part in re.split(r"[,;+]", _unbracketed(listed))]
    if any((value := arithmetic(text)) is None or value.value != target for text in stated):
        return False
    chosen = [part.value for part in parts if part]
    return len(chosen) == len(parts) and sum(chosen) == target and Counter(chosen) <= given


def ordering(parameters: Parameters, answer: str) -> bool:
    """All of `items`, each once, such that each pair of `before` is in order."""
    items, order = [_folded(item) for item in _list(parameters["items"])], _listed(answer)
    if sorted(items) != sorted(order):
        return False
    place = {item: position for position, item in enumerate(order)}
    pairs = [[_folded(item) for item in _list(pair)] for pair in _list(parameters["before"])]
    return all(place[first] < place[second] for first, second in pairs)


def path(parameters: Parameters, answer: str) -> bool:
    """A path along `edges` from `start` to `end` of at most `steps` steps; edges go both ways unless `directed`."""
    way = _listed(answer)
    edges = {(_folded(first), _folded(second)) for first, second in map(_list, _list(parameters["edges"]))}
    if not parameters.get("directed", False):
        edges |= {(second, first) for first, second in edges}
    most = parameters.get("steps", len(way))
    if not isinstance(most, int):
        raise TypeError("steps is no whole number")
    ends = (_folded(parameters["start"]), _folded(parameters["end"]))
    return (way[0], way[-1]) == ends and len(way) - 1 <= most and all(step in edges for step in pairwise(way))


SCORERS: dict[str, Callable[[Parameters, str], bool]] = {
    scorer.__name__: scorer for scorer in (countdown, subset_sum, ordering, path)
}


def _listed(answer: str) -> list[str]:
    return [_folded(tidy(part)) for part in _BETWEEN.split(_unbracketed(_plain(answer)).strip())]


def _plain(answer: str) -> str:
    """The answer's words, without LaTeX text commands."""
    return re.sub(r"\\(?:text|mathrm|textbf|mathbf)\s*\{([^{}]*)\}", r"\1", answer).strip().strip("$").strip()


def _unbracketed(text: str) -> str:
    text = text.strip().removesuffix(".").replace("\\{", "{").replace("\\}", "}")
    is_bracketed = (
        len(text) > 1 and text[0] + text[-1] in {"()", "[]", "{}"} and not re.search(r"[()\[\]{}]", text[1:-1])
    )
    return text[1:-1] if is_bracketed else text


def _folded(item: object) -> str:
    return " ".join(str(item).split()).casefold()


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise TypeError(f"{value!r} is no list")
    return value


def _number(value: object) -> Fraction:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        raise TypeError(f"{value!r} is no number")
    return Fraction(str(value))


def _numbers(value: object) -> list[Fraction]:
    return [_number(number) for number in _list(value)]
