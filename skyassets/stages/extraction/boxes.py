"""The boxes of a text: what LaTeX writes as `\\boxed{...}`, `\\fbox{...}` or, for one number or letter, `\\boxed 5`."""

import re

_BRACE = re.compile(r"\\boxed\s*\{|\\fbox\s*\{|\\[\\{}]|[{}]")
LONGEST_BETWEEN = 40
_BETWEEN = re.compile(r"[\s$]*(?:,|;|,?\s*(?:\\text\s*\{\s*(?:and|or)\s*\}|\b(?:and|or)\b))[\s$]*")


_BARE = re.compile(r"\\(?:boxed|fbox)(?:\s+(-?\d[\d.,]*\d|-?\d|[A-Z](?!\w))|(-?\d[\d.,]*\d|-?\d))")
_LABEL = re.compile(r"(?:^|(?<=[\s*$~]))(?:\*\*)?(?:[Pp]art\s+)?\(([a-h])\)")
Box = tuple[int, int, str]
"""Where a box starts and ends in the text, and its content."""


def last_box(text: str) -> str | None:
    """The content of the last box; of several in a row, all of them; of parts with labels, the last of each part.

    None without a box, and if the last one is never closed: the answer was cut, and an earlier box is not it. An empty
    box does not count.
    """
    if "\\boxed" not in text and "\\fbox" not in text:
        return None
    text = _BARE.sub(lambda match: f"\\boxed{{{match[1] or match[2]}}}", text)
    boxes, last_open = _boxes(text)
    if not boxes or last_open > boxes[-1][1]:
        return None
    return _parts(text, boxes) or _in_a_row(text, boxes)


def _boxes(text: str) -> tuple[list[Box], int]:
    """The balanced boxes that hold something, without those inside others, and where the last open one starts.

    One pass with a stack, so that a text full of open boxes stays cheap.
    """
    opened: list[tuple[int, int] | None] = []
    boxes: list[Box] = []
    # Braces opened before the first box cannot close one, so skip them.
    starts = [place for place in (text.find("\\boxed"), text.find("\\fbox")) if place >= 0]
    for token in _BRACE.finditer(text, min(starts, default=len(text))):
        if token[0] == "}":
            start = opened.pop() if opened else None
            if start is not None and (inside := text[start[1] : token.start()].strip()):
                while boxes and boxes[-1][0] > start[0]:
                    boxes.pop()
                boxes.append((start[0], token.end(), inside))
        elif token[0][0] == "\\" and token[0][1] in "\\{}":
            continue
        else:
            opened.append((token.start(), token.end()) if token[0] != "{" else None)
    return boxes, max((start[0] for start in opened if start is not None), default=-1)


def _parts(text: str, boxes: list[Box]) -> str | None:
    """The answers of parts (a), (b), ..., each with its label; None if the last box belongs to no such parts."""
    labels = [(label.start(), label[1]) for label in _LABEL.finditer(text, 0, boxes[-1][0])]
    if not labels or labels[-1][1] == "a":
        return None
    end, parts = len(text), list[str]()
    for letter in reversed("abcdefgh"[: ord(labels[-1][1]) - ord("a") + 1]):
        start = next((place for place, name in reversed(labels) if name == letter and place < end), None)
        inside = None if start is None else next((box for box in reversed(boxes) if start < box[0] < end), None)
        if start is None or inside is None:
            return None
        parts.insert(0, f"({letter}) {inside[2]}")
        end = start
    return ", ".join(parts)


def _in_a_row(text: str, boxes: list[Box]) -> str:
    row = [boxes[-1]]
    for box in reversed(boxes[:-1]):
        if row[0][0] - box[1] > LONGEST_BETWEEN or not _BETWEEN.fullmatch(text, box[1], row[0][0]):
            break
        row.insert(0, box)
    return ", ".join(dict.fromkeys(inside for _, _, inside in row))
