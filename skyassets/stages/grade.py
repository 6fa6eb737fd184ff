"""Judging one text: read its answer, compare it or run it. Wrong is what was seen to be wrong, and nothing else.

A finished text that does not give the asked form is wrong. Unjudged is what nobody could tell: no reference, no tests,
a comparison that ran out of time, a sandbox that failed.
"""

from skyassets.core.ports import Equals, Judgement, Verdict
from skyassets.stages.compare import same, tidy
from skyassets.stages.extract import lenient_answer, strict_answer
from skyassets.stages.grade_code import judge_code
from skyassets.stages.graders import Graders, Mode

CODE = "code"


def judge(
    domain: str, ground_truth: str | None, tests: str | None, text: str, mode: Mode, graders: Graders
) -> Judgement:
    """Whether `text` answers a problem of `domain` rightly, by its ground truth or, for code, by its tests."""
    if domain == CODE:
        return judge_code(tests, text, mode, graders)
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
