"""Normalizes the rows of any source to problems, or gives the reason why a row is unusable. Ids are added later."""

from collections import Counter
from collections.abc import Iterator

from skyassets.core.errors import SourceError
from skyassets.core.sources import Generated, Reader, Source, Unreadable
from skyassets.core.text import well_formed
from skyassets.stages.equivalence.scorers import is_scored
from skyassets.stages.grading.test_cases import read_cases
from skyassets.stages.problems.generated.registry import generate
from skyassets.stages.problems.multiple_choice import with_letters
from skyassets.stages.problems.row_filters import wanted_rows
from skyassets.stages.problems.row_types import Problem, SourceRow
from skyassets.stages.problems.source_columns import COLUMNS, missing_image

LONGEST_ANSWER = 1_000
"""Characters of a ground truth; a longer one is a solution, which no grader can compare with anything but itself."""


def normalized(source: Source, reader: Reader, outside: Counter[str]) -> Iterator[Problem]:
    """The source's rows as problems, without ids; `set_aside` is the reason why one is unusable.

    Rows outside the source's date window are counted in `outside`.

    Raises:
        SourceError: when the source has no rows left, or lacks a column that it names.
    """
    if isinstance(source.origin, Generated):
        problems = generate(source.origin)
    else:
        problems = (_problem(source, *row) for row in wanted_rows(source, reader, outside))
    problem = None
    for problem in problems:
        reason = problem.get("set_aside") or _fault(problem)
        yield {"source": source.name, "licence": source.licence, **problem, "set_aside": reason}
    if problem is None:
        raise SourceError(f"raw_problems: the source {source.name!r} has no rows; look at its file, split and filters")


def _problem(source: Source, position: int, row: SourceRow | Unreadable, fault: str | None) -> Problem:
    """The problem of a row; `fault` is the reason, if already known, why it is unusable."""
    problem: Problem = {"name": f"row {position}", "family": source.name, "domain": source.domain}
    if isinstance(row, Unreadable):
        aside = well_formed(f"cannot be read: {row.position}: {row.reason}")
        return {**problem, "name": row.position, "question": row.text or None, "set_aside": aside}
    faults = [fault or missing_image(source, row)]
    for name, read in COLUMNS.items():
        try:
            problem[name] = read(source, row)
        except ValueError as error:
            faults.append(str(error))
    if source.is_choice and not any(faults) and problem["question"]:
        try:
            problem["question"], problem["ground_truth"] = with_letters(source, row, problem)
        except ValueError as error:
            faults.append(str(error))
    reason = next(filter(None, faults), None)
    return {**problem, "set_aside": reason and well_formed(reason)}


def _fault(problem: Problem) -> str | None:
    """Why a normalized problem is unusable; None if it is usable. A ready-made trace needs no prompt."""
    if not str(problem.get("question") or "").strip():
        return "no question"
    if problem.get("imported_trace"):
        return None
    if problem["domain"] != "code":
        return _no_answer(str(problem.get("ground_truth") or ""))
    tests = problem.get("tests")
    cases = read_cases(None if tests is None else str(tests))
    return cases if isinstance(cases, str) else None


def _no_answer(truth: str) -> str | None:
    if not truth.strip():
        return "no ground truth"
    is_answer = len(truth) <= LONGEST_ANSWER or is_scored(truth)
    return None if is_answer else f"the ground truth is no final answer: it has {len(truth)} characters"
