"""Splits a text into its thought and its solution, whichever model wrote it.

The solution is what follows the last mark of the thought. A thought that is opened and never closed has no solution.
A text without any mark is a solution.

Special marks count wherever a model writes them (`thought_marks`). Plain tags, which ordinary text may hold too
(`<reasoning>`), count only where a model puts them around its thought (`placed_tags`). A thought that is opened by one
mark may be closed by another one (`<think>...</thinking>`), if that is not opened anywhere. Harmony without its tokens
is recognised only where a channel's name and the next word have no space between them, because ordinary prose may begin
with the word "analysis".
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from skyassets.stages.extraction import gemma_channel, harmony
from skyassets.stages.extraction.placed_tags import ends_thought, is_around_thought, stands_out, without_nested
from skyassets.stages.extraction.thought_markers import (
    ANSWERS,
    BUDGET_NOTE,
    PLAIN,
    PROSE,
    SPECIAL,
    Markers,
    any_of,
    spelled,
)
from skyassets.stages.extraction.thought_marks import Mark, marks, pattern_of
from skyassets.stages.extraction.trace_format import BEGIN_SOLUTION, BEGIN_THOUGHT, END_SOLUTION, END_THOUGHT, MARKERS

_SPECIAL_TAG = f"{any_of(*SPECIAL)}|{harmony.TOKENS}|{any_of(BUDGET_NOTE)}"
TAG = f"{_SPECIAL_TAG}|{any_of(*PLAIN)}"
"""Every tag of a thought, as a regular expression without named groups."""

_SPECIAL, _PLAIN = re.compile(any_of(*SPECIAL)), re.compile(any_of(*PLAIN))
_LEFT_OVER = re.compile(f"{_SPECIAL_TAG}|{harmony.BOUNDARY}")
_HARMONY_START = re.compile(r"<\|(?:channel|start)\|>|(?:assistant)?(?:analysis|commentary|final)")

Kind = Markers | str | None
"""How a text marks its thought: a row of the table, one of the three formats below, or not at all."""
_STRUCTURE, _HARMONY, _GEMMA = "structure", "harmony", "gemma"


@dataclass(frozen=True)
class Parts:
    """A text's thought, None if it marks none, and its solution."""

    thought: str | None
    solution: str


def split(text: str) -> Parts | str:
    """The thought and the solution of `text`; the reason if its thought never ends.

    Several thoughts, and what stands between them, are one.
    """
    parts = _split(text, _kind(text))
    if isinstance(parts, str) or parts.thought is None:
        return parts
    thoughts, solution = [parts.thought], parts.solution
    # A model that thinks by itself may then answer in the structure, or with the tags, that it was asked for.
    while (kind := _kind_at_start(solution)) is not None:
        inner = _split(solution, kind)
        if isinstance(inner, str):
            return inner
        if kind in PLAIN and not inner.solution:  # an answer in XML
            break
        thoughts.append(inner.thought or "")
        solution = inner.solution
    thought = without_nested(gemma_channel.without_name(_without_notes(_joined(thoughts))))
    return Parts(_joined([thought]), _unwrapped(solution))


def after_own_thought(text: str) -> str:
    """`text` after the thought of a model that was asked for the structure; all of it if that thought never ends."""
    kind = _kind(text)
    parts = _split(text, None if kind == _STRUCTURE else kind)
    return text if isinstance(parts, str) else parts.solution


def thought_tag(text: str) -> str | None:
    """The first mark of a thought in `text`; None if there is none. The four markers of the structure do not count.

    Special marks count wherever they stand, because a tokenizer reads them everywhere; plain tags not where the text
    only mentions them, or has them around a value within a line.
    """
    found = [mark for mark in (_LEFT_OVER.search(text),) if mark]
    if _PLAIN.search(text):
        found += [of_kind[0] for each in PLAIN if (of_kind := [mark for mark in marks(text, each) if stands_out(mark)])]
    return min(found, key=lambda mark: mark.start())[0] if found else None


def _kind(text: str) -> Kind:
    """As the text begins, else by its first mark."""
    if (kind := _kind_at_start(text)) is not None:
        return kind
    places: list[tuple[int, Kind]] = [(text.index(mark), _STRUCTURE) for mark in MARKERS if mark in text]
    if _SPECIAL.search(text):
        places += [(found[0].start(), each) for each in SPECIAL if (found := marks(text, each))]
    if places:
        return min(places, key=lambda place: place[0])[1]
    if harmony.messages(text) is not None:
        return _HARMONY
    if gemma_channel.is_stripped(text):
        return _GEMMA
    plain = PLAIN if _PLAIN.search(text) else ()
    return next((each for each in plain if is_around_thought(text, marks(text, each))), None)


def _kind_at_start(text: str) -> Kind:
    start = text.lstrip()
    if start.startswith(MARKERS):
        return _STRUCTURE
    if _HARMONY_START.match(start) and harmony.messages(text) is not None:
        return _HARMONY
    for each in (*SPECIAL, *PLAIN, PROSE):
        mark = pattern_of(each).match(start)
        if mark and mark.lastgroup == "opens" and (each is not PROSE or len(marks(text, PROSE)) > 1):
            return each
    return None


def _split(text: str, kind: Kind) -> Parts | str:
    match kind:
        case Markers():
            return _split_at_marks(text, kind)
        case "structure":
            return _split_structure(text)
        case "harmony":
            return _split_harmony(text)
        case "gemma":
            told_apart = gemma_channel.parts(text)
            return Parts(*told_apart) if told_apart else _unending("<channel|>")
        case _:
            return Parts(None, text)


def _split_at_marks(text: str, kind: Markers) -> Parts | str:
    found = marks(text, kind)
    if found[-1].lastgroup == "opens":
        other = _closed_by_another(text, kind, found[-1])
        if other is None:
            return _unending(kind.closes)
        found.append(other)
    starts, ends = [0, *(mark.end() for mark in found)], [mark.start() for mark in found]
    pieces = [text[start:end] for start, end in zip(starts, ends, strict=False)]
    return Parts(_joined(pieces), text[starts[-1] :].strip())


def _closed_by_another(text: str, kind: Markers, opened: Mark) -> Mark | None:
    """The last mark that closes a thought of another kind, which the text opens nowhere."""
    if not (_SPECIAL.search(text, opened.end()) or _PLAIN.search(text, opened.end())):
        return None
    closing = []
    for each in (*SPECIAL, *PLAIN):
        found = marks(text, each) if each is not kind else []
        if found and all(mark.lastgroup == "closes" for mark in found) and found[-1].start() >= opened.end():
            closing += [found[-1]] if ends_thought(found[-1]) else []
    return max(closing, key=lambda mark: mark.start(), default=None)


def _split_structure(text: str) -> Parts | str:
    thought, closed, after = text.rpartition(END_THOUGHT)
    between, opened, after = after.partition(BEGIN_SOLUTION)
    if not closed or not opened:
        return _unending(BEGIN_SOLUTION if closed else END_THOUGHT)
    return Parts(_joined([*thought.split(BEGIN_THOUGHT), between]), after.partition(END_SOLUTION)[0].strip())


def _split_harmony(text: str) -> Parts | str:
    *before, (channel, content) = harmony.messages(text) or [(harmony.FINAL, text)]
    if channel != harmony.FINAL:
        return _unending(f"of the channel {harmony.FINAL}")
    return Parts(_joined(message for _, message in before), content)


def _unending(missing: str) -> str:
    return f"the thought never ends: the marker {missing} is missing"


def _joined(pieces: Iterable[str]) -> str:
    return "\n\n".join(filter(None, (piece.strip() for piece in pieces)))


def _without_notes(thought: str) -> str:
    """`thought` without notes about its budget: they are no reasoning, and a student has no such budget."""
    first, *noted = thought.split(BUDGET_NOTE.opens)
    closes = BUDGET_NOTE.closes
    after = (note.partition(closes)[2] if closes in note else note for note in noted)
    return _joined(piece.replace(closes, "") for piece in (first, *after))


def _unwrapped(solution: str) -> str:
    """`solution` without the marks that some models put around the answer after a thought."""
    for each in ANSWERS:
        opens = list(re.finditer(spelled(each.opens), solution))
        closes = list(re.finditer(spelled(each.closes), solution))
        if len(opens) == 1 and opens[0].start() == 0 and len(closes) <= 1:
            start = opens[0].end()
            end, after = closes[0].span() if closes else (len(solution), len(solution))
            return f"{solution[start:end].strip()}\n\n{solution[after:].strip()}".strip()
    return solution
