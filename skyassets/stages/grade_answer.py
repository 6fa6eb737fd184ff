"""Judging a final answer: read it out of the text and compare it with the reference."""

from skyassets.core.ports import Equals, Judgement, Verdict
from skyassets.stages.compare import same, tidy
from skyassets.stages.extract import lenient_answer, strict_answer
from skyassets.stages.graders import Mode


def judge_answer(domain: str, gold: str | None, text: str, mode: Mode, equals: Equals) -> Judgement:
    """Whether the final answer of `text` equals `gold`; unjudged when nobody could tell."""
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
