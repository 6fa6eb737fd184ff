"""Reads the columns of a problem from the row of a source. A value that cannot be used raises ValueError."""

import contextlib
import json
import math
import re
import warnings
from collections.abc import Callable, Mapping
from itertools import islice

from skyassets.core.sources import Source
from skyassets.core.text import well_formed
from skyassets.stages.equivalence.scorers import is_scored, unusable
from skyassets.stages.extraction.final_answer import strict_answer
from skyassets.stages.problems.layouts import canonical_tests, reference_solutions
from skyassets.stages.problems.row_types import SourceRow

SENTINELS = frozenset(
    {"proof", "notfound", "not found", "n/a", "na", "none", "null", "nan", "no answer", "see solution", "tbd"}
)
"""What data sets write where a problem has no final answer, in lower case."""
ANSWER_NAMES = ("ground_truth", "answer", "final_answer", "target", "solution", "value")
"""The fields of a JSON object that may hold an answer."""
REFERENCES = 3
"""Reference solutions that are kept and tried per problem."""

_MARKER = re.compile(
    r"<image[ _]?\d+>|data:image/\w+|!\[[^\]\n]*\]\((?!data:)(?=[^)\n]+\))|\\includegraphics", re.IGNORECASE
)
"""A numbered image placeholder, an embedded image, or the way in which Markdown or LaTeX shows one.

A bare `<image>` does not count: in Codeforces' statements it replaces a formula, and the statement can be answered
without it.
"""


def missing_image(source: Source, row: SourceRow) -> str | None:
    """The image that the problem needs: a filled column of images, or a marker in its text; None if it needs none."""
    for column in source.images:
        if _is_filled(row.get(column)):
            return f"needs an image: column {column}"
    for column in filter(None, (source.question, source.examples, source.options, *source.wrong_options)):
        value = row.get(column)
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str) and (marker := _MARKER.search(text)):
                return f"needs an image: its text has {marker[0]}"
    return None


def _is_filled(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_filled, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_filled, value))
    return bool(value.strip()) if isinstance(value, str) else bool(value)


def _question(source: Source, row: SourceRow) -> str | None:
    """The question, followed by its examples."""
    question, examples = _text(row, source.question, "question"), row.get(source.examples)
    if question is None or not source.examples or not examples:
        return question
    lines = examples if isinstance(examples, list | tuple) else [examples]
    if not all(isinstance(line, str) for line in lines):
        raise ValueError(f"the examples are no text but {_kind(examples)}")
    return well_formed("\n".join([question, "", *map(str, lines)]))


def _text(row: SourceRow, column: str, what: str) -> str | None:
    value = row.get(column) if column else None
    if value is None or isinstance(value, str):
        return well_formed(value) if value and value.strip() else None
    raise ValueError(f"the {what} is no text but {_kind(value)}")


def _label(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return well_formed(str(value)) if isinstance(value, str | int | float) else None


def _ground_truth(source: Source, row: SourceRow) -> str | None:
    if source.boxed_in:
        return strict_answer(_text(row, source.boxed_in, "worked solution") or "")
    truth = _answer(row.get(source.ground_truth)) if source.ground_truth else None
    if reason := unusable(truth or ""):
        raise ValueError(reason)
    if truth is None or not source.truth_after:
        return truth
    _, marker, after = truth.rpartition(source.truth_after)
    return after.strip() if marker else None


def _answer(value: object) -> str | None:
    """A final answer as text: the item of a one-item list, or several items joined by commas."""
    match value:
        case None:
            return None
        case str():
            return _written(well_formed(value)) if value.strip() else None
        case bool():
            return "true" if value else "false"
        case int() | float() if math.isfinite(value):
            return str(value)
        case [one]:
            return _answer(one)
        case [*several] if several and all(isinstance(each, str | int | float) for each in several):
            return ", ".join(str(_answer(each)) for each in several)
        case _:
            raise ValueError(f"the ground truth is no answer but {_kind(value)}")


def _written(text: str) -> str | None:
    """An answer in a text, which may be JSON of texts; `[1, 2]` stays an interval or a list as it is written.

    Raises:
        ValueError: when it is a word for a missing answer.
    """
    if text.strip().casefold().rstrip(".") in SENTINELS:
        raise ValueError(f"the ground truth is no answer but {text.strip()!r}")
    if not text.lstrip().startswith(("[", "{")) or is_scored(text):
        return text
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return text
    match read:
        case [*texts] if texts and all(isinstance(each, str) for each in texts):
            return _answer(texts)
        case dict() if named := [read[name] for name in ANSWER_NAMES if name in read]:
            return _answer(named[0])
        case dict() if read:
            raise ValueError(f"the ground truth is no answer but {_kind(read)}")
        case _:
            return text


def _tests(source: Source, row: SourceRow) -> str | None:
    if source.layout:
        return well_formed(canonical_tests(source.layout, row))
    value = row.get(source.tests) if source.tests else None
    if value is None or isinstance(value, str):
        return well_formed(value) if value and value.strip() else None
    try:
        return json.dumps(value, ensure_ascii=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the tests cannot be read: {error}") from error


def _references(source: Source, row: SourceRow) -> list[str] | None:
    if source.layout:
        programs: object = reference_solutions(source.layout, row)
    else:
        programs = row.get(source.reference) if source.reference else None
    if isinstance(programs, str):
        programs = _listed(programs)
    if not isinstance(programs, list | tuple):
        return None
    texts = [well_formed(program) for program in programs if isinstance(program, str) and program.strip()]
    # A program of Python 2 takes no other's place; if there is nothing else, it says why the problem is set aside.
    return list(islice(filter(_compiles, texts), REFERENCES)) or texts[:1] or None


def _compiles(program: str) -> bool:
    """Whether a program is Python of this version. It is parsed, never run."""
    try:
        with warnings.catch_warnings(action="ignore"):
            compile(program, "reference", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
        return False
    return True


def _listed(text: str) -> object:
    """The list that `text` is the JSON of, or `text` as its only item."""
    if text.lstrip().startswith("["):
        with contextlib.suppress(ValueError):
            return json.loads(text)
    return [text]


def _kind(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object with {sorted(map(str, value))[:5]}"
    return f"{type(value).__name__} ({str(value)[:40]})"


COLUMNS: Mapping[str, Callable[[Source, SourceRow], object]] = {
    "question": _question,
    "family": lambda source, row: _label(row.get(source.family)) or source.name,
    "level": lambda source, row: (_label(row.get(source.level)) or "").strip() or None,
    "ground_truth": _ground_truth,
    "starter_code": lambda source, row: _text(row, source.starter_code, "starter code"),
    "imported_trace": lambda source, row: _text(row, source.trace, "trace"),
    "tests": _tests,
    "references": _references,
}
"""By column of the problems' table, in the order in which faults are looked for."""
