"""Judging one text: read its answer, compare it or run it. Wrong is what was seen to be wrong, and nothing else.

A finished text that does not give the asked form is wrong. Unjudged is what nobody could tell: no reference, no tests,
a comparison that ran out of time, a sandbox that failed.
"""

from dataclasses import dataclass
from enum import StrEnum

from skyassets.core.ports import Equals, Judgement, Limits, Program, Run, RunKind, Sandbox, Verdict
from skyassets.stages.cases import Cases, read_cases, same_output, same_value
from skyassets.stages.compare import same, tidy
from skyassets.stages.extract import lenient_answer, lenient_code, strict_answer, strict_code

CODE = "code"


class Mode(StrEnum):
    """How a text is read."""

    STRICT = "strict"
    """Only the asked form counts: a box, or exactly one block of code, in the solution."""
    LENIENT = "lenient"
    """The last thing stated counts, whatever its form."""


@dataclass(frozen=True)
class Graders:
    """Who compares and who runs, and what a program may use."""

    sandbox: Sandbox
    equals: Equals
    limits: Limits


def judge(
    domain: str, ground_truth: str | None, tests: str | None, text: str, mode: Mode, graders: Graders
) -> Judgement:
    """Whether `text` answers a problem of `domain` rightly, by its ground truth or, for code, by its tests."""
    if domain == CODE:
        return _judge_code(tests, text, mode, graders)
    return _judge_answer(domain, ground_truth, text, mode, graders.equals)


def _judge_answer(domain: str, gold: str | None, text: str, mode: Mode, equals: Equals) -> Judgement:
    if gold is None or not gold.strip():
        return Judgement(Verdict.UNJUDGED, "no reference answer")
    answer = strict_answer(text) if mode is Mode.STRICT else lenient_answer(text, domain)
    if answer is None:
        return Judgement(Verdict.WRONG, "no boxed answer" if mode is Mode.STRICT else "no answer found", None, "exact")
    equal, backend = same(answer, gold), "exact"
    if equal is None:
        equal, backend = equals.equal(tidy(answer), tidy(gold)), equals.name
    if equal is None:
        return Judgement(Verdict.UNJUDGED, "the comparison gave no answer", answer, backend)
    if equal:
        return Judgement(Verdict.CORRECT, "equals the reference", answer, backend)
    return Judgement(Verdict.WRONG, "differs from the reference", answer, backend)


def _judge_code(tests: str | None, text: str, mode: Mode, graders: Graders) -> Judgement:
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
    """All calls in one run; every one of them must have come back, and come back right."""
    run = graders.sandbox.run(Program(code, call=cases.function, arguments=cases.inputs), graders.limits)
    for number, (got, wanted) in enumerate(zip(run.outputs, cases.outputs, strict=False), start=1):
        if not same_value(got, wanted):
            return _failed(number, cases, "wrong output")
    if run.kind is not RunKind.FINISHED or len(run.outputs) != len(cases.outputs):
        return _ended(min(len(run.outputs) + 1, len(cases.outputs)), cases, run)
    return Verdict.CORRECT, f"all {len(cases.outputs)} tests passed"


def _by_stdin(code: str, cases: Cases, graders: Graders) -> tuple[Verdict, str]:
    """One run a test, until one fails."""
    for number, (given, wanted) in enumerate(zip(cases.inputs, cases.outputs, strict=True), start=1):
        run = graders.sandbox.run(Program(code, stdin=given), graders.limits)
        if run.kind is not RunKind.FINISHED or len(run.outputs) != 1:
            return _ended(number, cases, run)
        if not same_output(run.outputs[0], wanted):
            return _failed(number, cases, "wrong output")
    return Verdict.CORRECT, f"all {len(cases.outputs)} tests passed"


def _failed(number: int, cases: Cases, what: str) -> tuple[Verdict, str]:
    return Verdict.WRONG, f"test {number} of {len(cases.outputs)}: {what}"


def _ended(number: int, cases: Cases, run: Run) -> tuple[Verdict, str]:
    if run.kind is RunKind.SANDBOX_ERROR:
        return Verdict.UNJUDGED, f"sandbox error: {run.detail.strip()[-200:]}"
    return _failed(number, cases, "no result" if run.kind is RunKind.FINISHED else run.kind.value)
