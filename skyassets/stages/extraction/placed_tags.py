"""Tells from the place of a tag whether a model put it around its thought, or whether it belongs to the text."""

import re

from skyassets.stages.extraction.thought_markers import PLAIN, SPECIAL, any_of
from skyassets.stages.extraction.thought_marks import GOES_ON, Mark, line_of, marks

LONGEST_PREAMBLE = 300
"""Characters before a plain tag that may still open a thought."""

_ANSWER = re.compile(r"\\boxed|\\fbox|```")
_SHOWS = re.compile(r"[:>]\s*\Z")
_THINKS = re.compile(r"\b(?:think|thought|reason|analy[sz]|reflect|step|brainstorm|scratch)", re.IGNORECASE)
_TAGGED = re.compile(any_of(*SPECIAL, *PLAIN))
_ENDS = re.compile(r"(?:[\w.!?)\]}$*]|[.!?)\]}$*][ \t]+)\Z")
"""How a line of a thought goes on to its closing tag: glued, or after the end of a sentence."""


def is_around_thought(text: str, found: list[Mark]) -> bool:
    """Whether plain tags stand where a model puts them around its thought.

    Without an opening tag, which some templates put into the prompt, the last closing one ends a line or a sentence.
    With one, at most a short preamble stands before it, without an answer, and an answer follows. A preamble that ends
    with a colon must speak of thinking: `Here is the file:` shows what the tags hold.
    """
    if not found:
        return False
    before, after = text[: found[0].start()], text[found[-1].end() :]
    if found[0].lastgroup == "closes":
        return bool(before.strip()) and all(mark.lastgroup == "closes" for mark in found) and ends_thought(found[-1])
    is_preamble = len(before) <= LONGEST_PREAMBLE and not _ANSWER.search(before)
    is_shown = _SHOWS.search(before) is not None and not _THINKS.search(before)
    is_at_margin = not before.rpartition("\n")[2].strip()
    is_closed = found[-1].lastgroup == "closes" and bool(after.strip())
    return is_preamble and not is_shown and is_at_margin and is_closed


def ends_thought(mark: Mark) -> bool:
    """Whether a closing tag that nothing opens ends a thought.

    It begins a line that goes on with a new sentence, or follows a word without a space, or the end of a sentence.
    """
    before, after = line_of(mark)
    return not GOES_ON.match(after) if not before.strip() else _ENDS.search(before) is not None


def stands_out(mark: Mark) -> bool:
    """Whether a tag is more than one of a pair around a value within a line: `it prints <reason>timeout</reason>`."""
    before, after = line_of(mark)
    if mark.lastgroup == "opens":
        return not before.strip() or all(other.lastgroup != "closes" for other in mark.re.finditer(after))
    opening = next((other for other in mark.re.finditer(before) if other.lastgroup == "opens"), None)
    return opening is None or not before[: opening.start()].strip()


def without_nested(thought: str) -> str:
    """`thought` without the tags of thoughts within it, if they open and close in turn; what they hold stays."""
    if not _TAGGED.search(thought):
        return thought
    for each in (*SPECIAL, *PLAIN):
        found = marks(thought, each)
        turns = [mark.lastgroup for mark in found]
        if found and turns == ["opens", "closes"] * (len(found) // 2):
            starts, ends = [0, *(mark.end() for mark in found)], [*(mark.start() for mark in found), len(thought)]
            thought = "".join(thought[start:end] for start, end in zip(starts, ends, strict=True))
    return thought
