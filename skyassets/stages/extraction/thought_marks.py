"""Finds the marks of a thought where a model writes them, not where a text mentions them."""

import re
from functools import cache

from skyassets.stages.extraction.thought_markers import Markers, pattern

LONGEST_LINE = 300
"""Characters on either side of a mark that are searched for quotes."""
GOES_ON = re.compile(r"[ \t]+[a-z(]|[.,;:!?)]")
"""How a sentence goes on after a mark that it mentions."""

_STRING_BEFORE = re.compile(r"(?<!\w)[rbfu]{0,2}[\"'“‘][^\s\"'“”‘’]*\Z")
_STRING_AFTER = re.compile(r"[^\s\"'“”‘’]*[\"'”’](?!\w)")
_SENTENCE_BEFORE = re.compile(r"(?:[\w,;:][ \t]+|\()\Z")

Mark = re.Match[str]
"""A mark in a text: its group `opens` or `closes` matched."""


def marks(text: str, markers: Markers) -> list[Mark]:
    """The marks in `text` that open or close a thought, in order.

    Not counted is a mark in a block of code, in quotes or in a string (`"</think>"`), or in the middle of a sentence
    (`the <think> tag opens it`). Two exceptions: the mark that the text begins with counts always, and so does a
    closing one if nothing else closes a thought that is open.
    """
    found: list[Mark] = []
    doubtful: tuple[Mark, bool] | None = None
    start = len(text) - len(text.lstrip())
    is_code = is_closed = is_mentioned = False
    for mark in pattern_of(markers).finditer(text):
        if mark.lastgroup == "fence":
            is_code = not is_code
            continue
        closes = mark.lastgroup == "closes"
        is_first = not closes and mark.start() == start
        # A thought may end with a block of code left open in it.
        is_end = closes and not is_closed and not (is_mentioned and not found) and is_alone(mark)
        if is_first or is_end or not (is_code or _is_quoted(mark) or _is_in_sentence(mark)):
            found.append(mark)
            doubtful = None
            is_closed, is_code = is_closed or closes, is_code and not closes
        elif not closes:
            is_mentioned = True
        elif not _is_quoted(mark):
            doubtful = mark, is_code
    if doubtful and found and found[-1].lastgroup == "opens":
        mark, was_code = doubtful
        # In a block of code that is closed later, the mark is the code's.
        found += [mark] if is_code or not was_code else []
    return found


def is_alone(mark: Mark) -> bool:
    """Whether nothing else stands on the line."""
    before, after = line_of(mark)
    return not before.strip() and not after.strip()


@cache
def pattern_of(markers: Markers) -> re.Pattern[str]:
    """The two marks, and the fences of code blocks as the group `fence`."""
    return re.compile(rf"{pattern(markers)}|(?P<fence>^[ \t]*(?:```|~~~)[^\n]*$)", re.MULTILINE)


def line_of(mark: Mark) -> tuple[str, str]:
    """What stands on the mark's line before and after it."""
    before = mark.string[max(0, mark.start() - LONGEST_LINE) : mark.start()]
    after = mark.string[mark.end() : mark.end() + LONGEST_LINE]
    return before.rpartition("\n")[2], after.partition("\n")[0].rstrip("\r")


def _is_quoted(mark: Mark) -> bool:
    before, after = line_of(mark)
    is_inline_code = before.count("`") % 2 == 1 and "`" in after
    return is_inline_code or bool(_STRING_BEFORE.search(before[-60:]) and _STRING_AFTER.match(after[:60]))


def _is_in_sentence(mark: Mark) -> bool:
    before, after = line_of(mark)
    return bool(_SENTENCE_BEFORE.search(before[-3:]) and GOES_ON.match(after))
