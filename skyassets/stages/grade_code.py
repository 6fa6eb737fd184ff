"""Judging a program: read it out of the text, run its tests in the sandbox, compare what they come to."""

from skyassets.core.ports import Judgement, Program, Run, RunKind, Verdict
from skyassets.stages.cases import Cases, read_cases, same_output, same_value
from skyassets.stages.extract_code import lenient_code, strict_code
from skyassets.stages.graders import Graders, Mode


def judge_code(tests: str | None, text: str, mode: Mode, graders: Graders) -> Judgement:
    """Whether the program in `text` passes every one of `tests`; a test that did not run is not passed."""
    cases = read_cases(tests)
    if isinstance(cases, str):
        return Judgement(Verdict.UNJUDGED, cases)
    code = strict_code(text) if mode is Mode.STRICT else lenient_code(text)
    name = graders.sandbox.name
    if code is None:
        reason = "not exactly one block of code" if mode is Mode.STRICT else "no code found"
        return Judgement(Verdict.WRONG, reason, None, name)
    verdict, reason = (_by_calls if cases.function else _by_stdin)(code, cases, graders)
    return Judgement(verdict, reason, code, name)


def _by_calls(code: str, cases: Cases, graders: Graders) -> tuple[Verdict, str]:
    """One run a call, until one fails."""
    for number, (given, wanted) in enumerate(zip(cases.inputs, cases.outputs, strict=True), start=1):
        run = graders.sandbox.run(Program(code, call=cases.function, arguments=given), graders.limits)
        if run.kind is not RunKind.FINISHED:
            return _ended(number, cases, run)
        if not same_value(run.output, wanted):
            return _failed(number, cases, "wrong output")
    return Verdict.CORRECT, f"all {len(cases.outputs)} tests passed"


def _by_stdin(code: str, cases: Cases, graders: Graders) -> tuple[Verdict, str]:
    """One run a test, until one fails."""
    for number, (given, wanted) in enumerate(zip(cases.inputs, cases.outputs, strict=True), start=1):
        run = graders.sandbox.run(Program(code, stdin=given), graders.limits)
        if run.kind is not RunKind.FINISHED:
            return _ended(number, cases, run)
        if not same_output(run.output, wanted):
            return _failed(number, cases, "wrong output")
    return Verdict.CORRECT, f"all {len(cases.outputs)} tests passed"


def _failed(number: int, cases: Cases, what: str) -> tuple[Verdict, str]:
    return Verdict.WRONG, f"test {number} of {len(cases.outputs)}: {what}"


def _ended(number: int, cases: Cases, run: Run) -> tuple[Verdict, str]:
    if run.kind is RunKind.SANDBOX_ERROR:
        return Verdict.UNJUDGED, f"sandbox error: {run.detail.strip()[-200:]}"
    return _failed(number, cases, run.kind.value)
