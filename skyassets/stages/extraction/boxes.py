"""The boxes of a text: what LaTeX writes as `\\boxed{...}` or `\\fbox{...}`."""

import re

_BRACE = re.compile(r"\\boxed\s*\{|\\fbox\s*\{|\\[\\{}]|[{}]")
LONGEST_BETWEEN = 40
_BETWEEN = re.compile(r"[\s$]*(?:,|;|,?\s*(?:\\text\s*\{\s*(?:and|or)\s*\}|\b(?:and|or)\b))[\s$]*")


def last_box(text: str) -> str | None:
    """The content of the last balanced, non-empty box; of several in a row, all of them.

    One pass with a stack, so that a text full of open boxes stays cheap.
    """
    opened: list[tuple[int, int] | None] = []
    boxes: list[tuple[int, int, str]] = []
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
    return _in_a_row(text, boxes) if boxes else None


def _in_a_row(text: str, boxes: list[tuple[int, int, str]]) -> str:
    row = [boxes[-1]]
    for box in reversed(boxes[:-1]):
        if row[0][0] - box[1] > LONGEST_BETWEEN or not _BETWEEN.fullmatch(text, box[1], row[0][0]):
            break
        row.insert(0, box)
    return ", ".join(dict.fromkeys(inside for _, _, inside in row))
