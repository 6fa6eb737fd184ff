"""Judging a final answer: read it out of the text and compare it with the reference.

The cheap and exact comes first; algebra is asked only about two formulas, in a process that can be killed.
"""

from skyassets.core.ports import Equals, Judgement, Verdict
from skyassets.stages.choices import Options, is_choice, right_text, taken
from skyassets.stages.compare import for_algebra, same
from skyassets.stages.extract import CHOICE, SCORED, lenient_answer, strict_answer
from skyassets.stages.graders import Mode
from skyassets.stages.scorers import is_scored, score

EXACT = "exact"
COMPARED = ("equals the reference", "differs from the reference")
KEPT = ("keeps the problem's rules", "breaks the problem's rules")
CHOSEN = ("takes the right option", "takes another option")


def judge_answer(
    domain: str, gold: str | None, text: str, mode: Mode, equals: Equals, offered: Options = ()
) -> Judgement:
    """Whether the final answer of `text` is `gold`, of the options `offered` if any."""
    if gold is None or not gold.strip():
        return Judgement(Verdict.UNJUDGED, "no reference answer")
    kind = SCORED if is_scored(gold) else CHOICE if is_choice(gold, offered) else domain
    answer = strict_answer(text) if mode is Mode.STRICT else lenient_answer(text, kind)
    if answer is None:
        return Judgement(Verdict.WRONG, "no boxed answer" if mode is Mode.STRICT else "no answer found", None, EXACT)
    if kind == SCORED:
        return _judgement(score(gold, answer), KEPT, answer, "scorer")
    if kind == CHOICE:
        return _chosen(answer, gold, offered, equals)
    return _compared(answer, gold, equals)


def _chosen(answer: str, gold: str, offered: Options, equals: Equals) -> Judgement:
    letter = taken(answer, offered)
    if letter is not None:
        if not letter:
            return Judgement(Verdict.WRONG, "takes several options", answer, EXACT)
        return _judgement(letter == taken(gold, offered), CHOSEN, answer, EXACT)
    text = right_text(gold, offered)
    return _compared(answer, gold if text is None else text, equals)


def _compared(answer: str, gold: str, equals: Equals) -> Judgement:
    equal = same(answer, gold)
    if equal is not None:
        return _judgement(equal, COMPARED, answer, EXACT)
    pair = for_algebra(answer, gold)
    if isinstance(pair, str):
        return _judgement(pair, COMPARED, answer, EXACT)
    return _judgement(equals.equal(*pair), COMPARED, answer, equals.name)


def _judgement(told: bool | str, words: tuple[str, str], answer: str, backend: str) -> Judgement:
    if isinstance(told, str):
        return Judgement(Verdict.UNJUDGED, told, answer, backend)
    return Judgement(Verdict.CORRECT if told else Verdict.WRONG, words[0] if told else words[1], answer, backend)
