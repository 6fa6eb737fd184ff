"""Judges a program: extracts it from the text, runs its tests in the sandbox, and compares the results.

Every test is a separate run, so that no test can use up another's time or leave anything behind for it. Judging stops
at the first failed test; the remaining ones are reported as not run. A program is correct if it passes every test.
"""

import ast
from collections.abc import Callable, Iterator
from functools import partial
from operator import eq

from skyassets.core.ports import Judgement, Program, ProgramRun, RunKind, Verdict
from skyassets.stages.grading.config import Graders, Mode
from skyassets.stages.grading.extract_code import lenient_code, strict_code
from skyassets.stages.grading.missing_modules import missing_library, missing_module
from skyassets.stages.grading.outputs import same_output, same_value
from skyassets.stages.grading.test_cases import Cases, read_cases

PASSED, WRONG_ANSWER, NOT_RUN = "passed", "wrong answer", "not run"
"""The result of a test that ran to its end, or was not run; for other tests it is how the run ended."""
CHECK_PASSED, CHECK_FAILED = "passed", "failed"
"""What the process that runs a check reports."""

Test = tuple[Program, Callable[[str], bool]]
"""A run, and a function that decides whether its output is the expected one."""


def judge_code(tests: str | None, text: str, mode: Mode, graders: Graders) -> Judgement:
    """Whether the program in `text` passes every one of `tests`; a test that did not run is not passed."""
    cases = read_cases(tests)
    if isinstance(cases, str):
        return Judgement(Verdict.UNJUDGED, cases)
    code = strict_code(text) if mode is Mode.STRICT else lenient_code(text)
    name = graders.sandbox.name
    if code is None:
        reason = "not exactly one block of code" if mode is Mode.STRICT else "no code found"
        return Judgement(Verdict.WRONG, reason, None, name, (NOT_RUN,) * len(cases))
    outcomes: list[str] = []
    for program, is_expected in _tests(code, cases):
        run = graders.sandbox.run(program, graders.limits)
        outcomes.append(_outcome(program, run, is_expected))
        if outcomes[-1] != PASSED:
            verdict, reason = _failure(outcomes, len(cases), program, run)
            return Judgement(verdict, reason, code, name, (*outcomes, *(NOT_RUN,) * (len(cases) - len(outcomes))))
    return Judgement(Verdict.CORRECT, f"all {len(outcomes)} tests passed", code, name, tuple(outcomes))


def with_test_code(code: str, cases: Cases) -> str:
    """`code` between the prelude and the epilogue of its tests; `__future__` imports stay first."""
    if not cases.prelude and not cases.epilogue:
        return code
    lines = code.split("\n")
    first = _future_lines(code)
    parts = ("\n".join(lines[:first]), cases.prelude, "\n".join(lines[first:]), cases.epilogue)
    return "\n".join(part for part in parts if part)


def _future_lines(code: str) -> int:
    """The last line of the `__future__` imports in `code`."""
    if "__future__" not in code:
        return 0
    try:
        body = ast.parse(code).body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return 0
    return max((each.end_lineno or 0 for each in body if _is_future(each)), default=0)


def _is_future(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and statement.module == "__future__"


def _tests(code: str, cases: Cases) -> Iterator[Test]:
    source = with_test_code(code, cases)
    for given, wanted in zip(cases.inputs, cases.outputs, strict=True):
        if cases.function:
            call = Program(source, call=cases.function, arguments=given)
            yield call, partial(same_value, wanted=wanted, rules=cases.rules)
        else:
            yield Program(source, stdin=given), partial(same_output, wanted=wanted, rules=cases.rules)
    for check in cases.checks:
        trusted = "\n".join(part for part in (cases.prelude, check) if part)
        yield Program(source, check=trusted, names=cases.names), partial(eq, CHECK_PASSED)


def _outcome(program: Program, run: ProgramRun, is_expected: Callable[[str], bool]) -> str:
    if run.kind is not RunKind.FINISHED:
        return run.kind.value
    if program.check and run.output not in {CHECK_PASSED, CHECK_FAILED}:
        return RunKind.SANDBOX_ERROR.value
    return PASSED if is_expected(run.output) else WRONG_ANSWER


def _failure(outcomes: list[str], total: int, program: Program, run: ProgramRun) -> tuple[Verdict, str]:
    if run.kind is RunKind.RUNTIME_ERROR and (library := missing_library(program.source, run.detail)):
        return Verdict.UNJUDGED, f"missing module: {library}, which the program imports"
    if run.kind is RunKind.SANDBOX_ERROR and program.check and (module := missing_module(run.detail)):
        return Verdict.UNJUDGED, f"missing module: {module}, which the tests import"
    if outcomes[-1] == RunKind.SANDBOX_ERROR:
        detail = run.detail.strip()[-200:] if run.kind is RunKind.SANDBOX_ERROR else "a check came to nothing"
        return Verdict.UNJUDGED, f"sandbox error: {detail}"
    return Verdict.WRONG, f"test {len(outcomes)} of {total}: {outcomes[-1]}"
