"""Judges a final answer: extracts it from the text and compares it with the reference.

Cheap and exact comparisons come first. Algebra is used only for two formulas, in a process that can be killed.
"""

import re
from dataclasses import replace

from skyassets.core.ports import AnswerComparator, Judgement, Verdict
from skyassets.stages.equivalence.choices import Options, is_choice, right_text, selected
from skyassets.stages.equivalence.compare import NAME, aligned, is_ordered, labelled, same
from skyassets.stages.equivalence.latex import group, split, tidy
from skyassets.stages.equivalence.number import quantity
from skyassets.stages.equivalence.numeric import differ
from skyassets.stages.equivalence.prose import is_prose
from skyassets.stages.equivalence.scorers import is_scored, score
from skyassets.stages.equivalence.single_values import LETTER, LETTERED, measured
from skyassets.stages.extraction.final_answer import found_answer, strict_answer
from skyassets.stages.extraction.sentences import CHOICE, SCORED
from skyassets.stages.grading.config import Mode

EXACT = "exact"
NO_ANSWER = "no answer found"
UNGRADABLE, NOT_STATED = "ungradable: ", "no stated result: "
"""How the reasons of undecided answers begin: stated ones, and values or sentences that may be no answer at all."""
COMPARED_REASONS = ("equals the reference", "differs from the reference")
SCORED_REASONS = ("keeps the problem's rules", "breaks the problem's rules")
_EQUALS = re.compile(r"(?<![<>!:])=")
_NAME = re.compile(NAME)
_POINT = re.compile(r"\([a-z](?:, ?[a-z])+\)")
_CALL = re.compile(r"(?<![A-Za-z\\])[A-Za-z](?:_\{?\w\}?)?\(")
_CALL_OF_SEVERAL = re.compile(_CALL.pattern + r"[^()]*,")
_TEXT = re.compile(r"\\(?:text|mbox|textrm)\s*\{([^{}]*)\}|\\mathrm\s*\{([^{}]{2,})\}")
_HALF_DAY = re.compile(r"\d[\s{]*(?:\\[a-z]+\s*\{\s*)?[ap]\.?\s*m(?![A-Za-z])", re.IGNORECASE)
_LOOSE = re.compile(r"\\(?:approx|simeq|sim|cong|b?mod|pmod)(?![A-Za-z])|≈")
_SET, _WITHOUT = re.compile(r"\\\{"), re.compile(r"\\(?:setminus|backslash)")
CHOICE_REASONS = ("takes the right option", "takes another option")


def judge_answer(
    domain: str, gold: str | None, text: str, mode: Mode, equals: AnswerComparator, offered: Options = ()
) -> Judgement:
    """Whether the final answer of `text` equals `gold`, given the options `offered`, if any."""
    if gold is None or not gold.strip():
        return Judgement(Verdict.UNJUDGED, "no reference answer")
    kind = SCORED if is_scored(gold) else CHOICE if is_choice(gold, offered) else domain
    found = None if mode is Mode.STRICT else found_answer(text, kind)
    answer = strict_answer(text) if mode is Mode.STRICT else None if found is None else found.text
    if answer is None:
        return Judgement(Verdict.WRONG, "no boxed answer" if mode is Mode.STRICT else NO_ANSWER, None, EXACT)
    judgement = _judge(answer, gold, kind, domain, offered, equals)
    if found is None or found.is_stated or not judgement.reason.startswith(UNGRADABLE):
        return judgement
    return replace(judgement, reason=NOT_STATED + judgement.reason.removeprefix(UNGRADABLE))


def _judge(answer: str, gold: str, kind: str, domain: str, offered: Options, equals: AnswerComparator) -> Judgement:
    if kind == SCORED:
        return _judgement(score(gold, answer), SCORED_REASONS, answer, "scorer")
    if kind == CHOICE:
        return _judge_choice(answer, gold, domain, offered, equals)
    return _compare(answer, gold, equals)


def _algebra_inputs(answer: str, gold: str) -> tuple[str, str] | str:
    """The two formulas without their units, as input for algebra; or the reason why algebra must not compare them."""
    given, wanted = aligned(tidy(answer), tidy(gold))
    (given, unit), (wanted, wanted_unit) = measured(given), measured(wanted)
    if is_prose(given) or is_prose(wanted):
        return "ungradable: words that reading does not decide"
    if unit and wanted_unit and unit != wanted_unit:
        return "ungradable: a formula in two units"
    reason = _ignored_part(given, wanted) or _not_values(given, wanted)
    return f"ungradable: {reason}" if reason else (given, wanted)


def _ignored_part(given: str, wanted: str) -> str | None:
    """A part of the two formulas that the algebra would silently ignore."""
    both = (given, wanted)
    if any("'" in text or "\\prime" in text for text in both):
        return "a prime"
    if any(text.count(":") > 1 or _HALF_DAY.search(text) for text in both):
        return "a time of day, or a ratio of three"
    texts, wanted_texts = (sorted((a or b).strip() for a, b in _TEXT.findall(text)) for text in both)
    if texts != wanted_texts:
        return "words in one of two formulas"
    if bool(_LOOSE.search(given)) != bool(_LOOSE.search(wanted)) and not re.search(r"\d\.\d", wanted):
        return "an approximation or a remainder in one of two formulas"
    if any(_CALL_OF_SEVERAL.search(text) for text in both):
        return "a function of several values"
    if bool(labelled(given)) != bool(labelled(wanted)):
        return "several parts beside one value"
    if LETTER.fullmatch(wanted) and LETTERED.match(given):
        return "a letter, and more than it"
    if re.fullmatch(r"\w+_\{?\d+\}?", given) and given.partition("_")[0] == wanted:
        return "a base that the reference does not name"
    if bool(_SET.search(given)) != bool(_SET.search(wanted)) and not any(_WITHOUT.search(text) for text in both):
        return "a set beside what is none"
    if "," in given and "," in wanted and (quantity(given) is None) != (quantity(wanted) is None):
        return "a comma that parts numbers or thousands"
    return None


def _not_values(given: str, wanted: str) -> str | None:
    """Why algebra must not compare an equation or a list with the other text: it compares only values."""
    if (not group(given) or not group(wanted)) and max(len(split(given)), len(split(wanted))) > 1:
        names = [
            {_EQUALS.split(part)[0].strip() for part in split(text) if _EQUALS.search(part)} for text in (given, wanted)
        ]
        if max(map(len, names)) > 1 or is_ordered(given, wanted):
            return "parts that are told by name or place"
        return None
    left, wanted_left = (_EQUALS.split(text) for text in (given, wanted))
    if len(left) > 1 and len(wanted_left) > 1:
        calls = left[0] != wanted_left[0] and (_CALL.search(left[0]) or _CALL.search(wanted_left[0]))
        return "two functions, or one of two values" if calls else None
    equation = left if len(left) > 1 else wanted_left
    name = equation[0].strip()
    # (x, y) = (3, 4) is a point, but (y, x) swaps its coordinates.
    point = _POINT.fullmatch(name) and re.findall("[a-z]", name) == sorted(re.findall("[a-z]", name))
    if len(equation) == 1 or _NAME.fullmatch(name) or point:
        return None
    worked_out = not re.search(r"(?<![A-Za-z\\])[A-Za-z]", equation[0]) and not differ(equation[0], equation[-1])
    return None if worked_out else "an equation beside what is none"


def _judge_choice(answer: str, gold: str, domain: str, offered: Options, equals: AnswerComparator) -> Judgement:
    letter = selected(answer, offered)
    # In mathematics r is not R, but c may be (C).
    if letter and not offered and domain == "maths" and not _is_option(answer, gold):
        letter = None
    if letter is not None:
        if not letter:
            return Judgement(Verdict.WRONG, "takes several options", answer, EXACT)
        return _judgement(letter == selected(gold, offered), CHOICE_REASONS, answer, EXACT)
    text = right_text(gold, offered)
    return _compare(answer, gold if text is None else text, equals)


def _is_option(answer: str, gold: str) -> bool:
    """Whether a lowercase answer, if it is one, is an option's letter: the answer or the reference is in brackets."""
    text = tidy(answer)
    return not (text.strip("()").islower() and len(text.strip("()")) == 1) or (
        text.casefold().strip("()") in "abcdefghij" and (text.startswith("(") or tidy(gold).startswith("("))
    )


def _compare(answer: str, gold: str, equals: AnswerComparator) -> Judgement:
    equal = same(answer, gold)
    if equal is not None:
        return _judgement(equal, COMPARED_REASONS, answer, EXACT)
    pair = _algebra_inputs(answer, gold)
    if isinstance(pair, str):
        return _judgement(pair, COMPARED_REASONS, answer, EXACT)
    return _judgement(equals.equal(*pair), COMPARED_REASONS, answer, equals.name)


def _judgement(result: bool | str, reasons: tuple[str, str], answer: str, backend: str) -> Judgement:
    if isinstance(result, str):
        return Judgement(Verdict.UNJUDGED, result, answer, backend)
    return Judgement(Verdict.CORRECT if result else Verdict.WRONG, reasons[not result], answer, backend)
