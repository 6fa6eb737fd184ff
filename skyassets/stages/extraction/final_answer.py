"""Extracts final answers from a text, without judging them.

The strict mode accepts only the requested form: a balanced box after the thinking. The lenient mode takes the last
stated answer; it is a separate mode so that better formatting does not count as better reasoning. It extracts a
number or word from a sentence only if nothing around it can change its meaning. Otherwise it returns the sentence,
and the comparison decides, or reports that it cannot.
"""

from dataclasses import dataclass

from skyassets.stages.extraction.boxes import last_box
from skyassets.stages.extraction.last_value import last_value
from skyassets.stages.extraction.sentences import in_lines
from skyassets.stages.extraction.statement import stated_answer
from skyassets.stages.extraction.thoughts import split


def solution(text: str) -> str | None:
    """`text` after the thinking: all of it if there is none, None if the thinking never ends."""
    parts = split(text)
    return None if isinstance(parts, str) else parts.solution


def strict_answer(text: str) -> str | None:
    """The last balanced, non-empty box of the solution; None if there is none.

    Consecutive boxes, separated by a comma, "and" or "or", are one answer with several parts.
    """
    part = solution(text)
    return None if part is None else last_box(part)


@dataclass(frozen=True)
class FinalAnswer:
    """An answer found in a text."""

    text: str
    is_stated: bool
    """Whether it is in a box or follows "the answer is"; else it is the last value of the text, or its sentence."""


def lenient_answer(text: str, domain: str) -> str | None:
    """The text of `found_answer`; None if there is none."""
    found = found_answer(text, domain)
    return None if found is None else found.text


def found_answer(text: str, domain: str) -> FinalAnswer | None:
    """The last box anywhere, else what follows the last "the answer is", else the last number (maths) or word.

    `domain` may also be CHOICE or SCORED: then the whole statement is returned, not a single letter or word of it.
    """
    for part in dict.fromkeys(map(in_lines, (solution(text) or text, text))):
        if stated := last_box(part) or stated_answer(part, domain):
            return FinalAnswer(stated, is_stated=True)
        if value := last_value(part, domain):
            return FinalAnswer(value, is_stated=False)
    return None
