"""Normalizes the rows of any source to problems, or gives the reason why a row is unusable. Ids are added later."""

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from skyassets.core.errors import SourceError
from skyassets.core.sources import Generated, Reader, Source, Unreadable
from skyassets.core.text import well_formed
from skyassets.stages.equivalence.extract import strict_answer
from skyassets.stages.equivalence.scorers import is_scored, unusable
from skyassets.stages.grading.test_cases import read_cases
from skyassets.stages.problems.generated.registry import generate
from skyassets.stages.problems.multiple_choice import listed, with_options
from skyassets.stages.problems.row_filters import is_within, wanted
from skyassets.stages.problems.test_formats import canonical_tests, reference_solutions

_MARKER = re.compile(r"<image[ _]?\d+>|data:image/\w+", re.IGNORECASE)
"""A numbered image placeholder, or an embedded image. A bare `<image>` does not count: in Codeforces' statements it
replaces a formula, and the statement can be answered without it.
"""


def missing_image(row: Mapping[str, object], columns: Iterable[str], texts: Iterable[object]) -> str | None:
    """The image in `row`: the first non-empty one of `columns`, or a marker in `texts`; None if there is none."""
    for column in columns:
        if _is_filled(row.get(column)):
            return f"needs an image: column {column}"
    for text in texts:
        for part in text if isinstance(text, list | tuple) else [text]:
            if isinstance(part, str) and (found := _MARKER.search(part)):
                return f"needs an image: its text has {found[0]}"
    return None


def _is_filled(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_is_filled, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_is_filled, value))
    return bool(value.strip()) if isinstance(value, str) else bool(value)


Row = dict[str, object]

LONGEST_ANSWER = 1_000
"""Characters of a ground truth; a longer one is a solution, which no grader can compare with anything but itself."""
REFERENCES = 3
"""Reference solutions that are kept and tried per problem."""


def shaped(source: Source, reader: Reader, outside: Counter[str]) -> Iterator[Row]:
    """The source's rows as problems, without ids; `set_aside` is the reason why one is unusable.

    Rows outside the source's date window are counted in `outside`.

    Raises:
        SourceError: when the source has no rows left, or lacks a column that it names.
    """
    made = 0
    if isinstance(source.origin, Generated):
        rows: Iterator[Row] = (_labels(source) | row for row in generate(source.origin))
    else:
        rows = (_shaped(source, row, position) for position, row in wanted(source, reader, outside))
    for row in rows:
        made += 1
        yield {**row, "set_aside": row.get("set_aside") or fault(row)}
    if not made:
        raise SourceError(f"raw_problems: the source {source.name!r} has no rows; look at its file, split and filters")


def fault(row: Row) -> str | None:
    """Why a normalized row is unusable; None if it is usable. A ready-made trace needs no prompt."""
    if not str(row.get("question") or "").strip():
        return "no question"
    if row.get("imported_trace"):
        return None
    if row["domain"] != "code":
        return _no_answer(str(row.get("ground_truth") or ""))
    tests = row.get("tests")
    cases = read_cases(None if tests is None else str(tests))
    return cases if isinstance(cases, str) else None


def _no_answer(truth: str) -> str | None:
    if not truth.strip():
        return "no ground truth"
    is_answer = len(truth) <= LONGEST_ANSWER or is_scored(truth)
    return None if is_answer else f"the ground truth is no final answer: it has {len(truth)} characters"


def _labels(source: Source) -> Row:
    return {"source": source.name, "licence": source.licence}


def _shaped(source: Source, row: Row | Unreadable, position: int) -> Row:
    if isinstance(row, Unreadable):
        told = {"name": row.position, "family": source.name, "domain": source.domain, "question": row.text or None}
        return {**_labels(source), **told, "set_aside": well_formed(f"cannot be read: {row.position}: {row.reason}")}
    problem = {**_labels(source), "name": f"row {position}", "family": source.name, "domain": source.domain}
    if reason := _unfit(source, row):
        problem["set_aside"] = well_formed(reason)
    parts: dict[str, Callable[[], object]] = {
        "question": lambda: _question(source, row),
        "family": lambda: _label(row.get(source.family)) or source.name,
        "level": lambda: (_label(row.get(source.level)) or "").strip() or None,
        "ground_truth": lambda: _ground_truth(source, row),
        "starter_code": lambda: _text(row, source.starter_code, "starter code"),
        "imported_trace": lambda: _text(row, source.trace, "trace"),
        "tests": lambda: _tests(source, row),
        "references": lambda: _references(source, row),
    }
    for name, part in parts.items():
        try:
            problem[name] = part()
        except ValueError as error:
            problem.setdefault("set_aside", well_formed(str(error)))
    if source.is_choice and not problem.get("set_aside") and problem["question"]:
        try:
            problem["question"], problem["ground_truth"] = _offered(source, row, problem)
        except ValueError as error:
            problem["set_aside"] = well_formed(str(error))
    return problem


def _unfit(source: Source, row: Row) -> str | None:
    """Why a row is unusable regardless of its question and answer."""
    if source.window is not None:
        try:
            is_within(source.window, row.get(source.window.column))
        except ValueError as error:
            return str(error)
    asked = (source.question, source.examples, source.options, *source.wrong_options)
    return missing_image(row, source.images, [row.get(column) for column in asked if column])


def _question(source: Source, row: Row) -> str | None:
    """The question, followed by its examples."""
    question, examples = _text(row, source.question, "question"), row.get(source.examples)
    if question is None or not source.examples or not examples:
        return question
    lines = examples if isinstance(examples, list | tuple) else [examples]
    if not all(isinstance(line, str) for line in lines):
        raise ValueError(f"the examples are no text but {_kind(examples)}")
    return well_formed("\n".join([question, "", *map(str, lines)]))


def _offered(source: Source, row: Row, problem: Row) -> tuple[str, str]:
    """The question with its options, and the letter of the correct one."""
    if (truth := problem["ground_truth"]) is None:
        raise ValueError("no ground truth")
    if source.options:
        texts, right = listed(row.get(source.options), str(truth))
    else:
        texts, right = listed([truth, *(row.get(column) for column in source.wrong_options)], "0")
    return with_options(source.name, str(problem["question"]), texts, right, is_ordered=bool(source.options))


def _text(row: Row, column: str, what: str) -> str | None:
    value = row.get(column) if column else None
    if value is None or isinstance(value, str):
        return well_formed(value) if value and value.strip() else None
    raise ValueError(f"the {what} is no text but {_kind(value)}")


def _label(value: object) -> str | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return well_formed(str(value)) if isinstance(value, str | int | float) else None


def _ground_truth(source: Source, row: Row) -> str | None:
    if source.boxed_in:
        return strict_answer(_text(row, source.boxed_in, "worked solution") or "")
    truth = _answer(row.get(source.ground_truth)) if source.ground_truth else None
    if reason := unusable(truth or ""):
        raise ValueError(reason)
    if truth is None or not source.truth_after:
        return truth
    _, found, after = truth.rpartition(source.truth_after)
    return after.strip() if found else None


def _answer(value: object) -> str | None:
    """A final answer as text: the item of a one-item list, or several items joined by commas."""
    match value:
        case None:
            return None
        case str():
            return well_formed(value) if value.strip() else None
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


def _tests(source: Source, row: Row) -> str | None:
    if source.layout:
        return well_formed(canonical_tests(source.layout, row))
    value = row.get(source.tests) if source.tests else None
    if value is None or isinstance(value, str):
        return well_formed(value) if value and value.strip() else None
    try:
        return json.dumps(value, ensure_ascii=True)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the tests cannot be read: {error}") from error


def _references(source: Source, row: Row) -> list[str] | None:
    if source.layout:
        found: object = reference_solutions(source.layout, row)
    else:
        found = row.get(source.reference) if source.reference else None
    if isinstance(found, str) and found.lstrip().startswith("["):
        try:
            found = json.loads(found)
        except ValueError:
            found = [found]
    programs = [found] if isinstance(found, str) else found
    if not isinstance(programs, list | tuple):
        return None
    texts = [well_formed(program) for program in programs if isinstance(program, str) and program.strip()]
    return texts[:REFERENCES] or None


def _kind(value: object) -> str:
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"an object with {sorted(map(str, value))[:5]}"
    return f"{type(value).__name__} ({str(value)[:40]})"
