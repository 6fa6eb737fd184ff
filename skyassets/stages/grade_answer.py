"""Judging a final answer: read it out of the text and compare it with the reference."""

from skyassets.core.ports import Equals, Judgement, Verdict
from skyassets.stages.compare import same
from skyassets.stages.extract import lenient_answer, strict_answer
from skyassets.stages.graders import Mode
from skyassets.stages.scorers import is_scored, score
from skyassets.stages.tidy import tidy

COMPARED = ("equals the reference", "differs from the reference")


def judge_answer(domain: str, gold: str | None, text: str, mode: Mode, equals: Equals) -> Judgement:
    """Whether the final answer of `text` equals `gold`; unjudged when nobody could tell."""
    if gold is None or not gold.strip():
        return Judgement(Verdict.UNJUDGED, "no reference answer")
    answer = strict_answer(text) if mode is Mode.STRICT else lenient_answer(text, domain)
    if answer is None:
        return Judgement(Verdict.WRONG, "no boxed answer" if mode is Mode.STRICT else "no answer found", None, "exact")
    if is_scored(gold):
        return _judged(score(gold, answer), "keeps the problem's rules", "breaks the problem's rules", answer, "scorer")
    equal, backend = same(answer, gold), "exact"
    if equal is None:
        return _judged(equals.equal(tidy(answer), tidy(gold)), *COMPARED, answer, equals.name)
    return _judged(equal, *COMPARED, answer, backend)


def _judged(told: bool | str, right: str, wrong: str, answer: str, backend: str) -> Judgement:
    if isinstance(told, str):
        return Judgement(Verdict.UNJUDGED, told, answer, backend)
    return Judgement(Verdict.CORRECT if told else Verdict.WRONG, right if told else wrong, answer, backend)
