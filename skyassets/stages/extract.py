"""Final answers, read out of a text. Says what is stated there, never whether it is right.

Strict reading takes only the asked form: a balanced box, after the thinking. Lenient reading takes the last thing
stated; it is a mode of its own, so that a gain in format is not sold as one in reasoning.
"""

import re

from skyassets.stages.structure import BEGIN_SOLUTION, END_SOLUTION, END_THOUGHT, MARKERS

_BRACE = re.compile(r"\\boxed\s*\{|\\fbox\s*\{|\\[\\{}]|[{}]")
_STATED = re.compile(
    r"\b(?:answer|result)[*_`\s]{0,4}(?:\bis\b|\bare\b|=|:)[*_`:\s]{0,8}(?:therefore|thus|simply|just)?\s{0,4}"
    r"(?P<rest>[^\n]{1,500})",
    re.IGNORECASE,
)
CHOICE, SCORED = "choice", "scored"
"""Kinds of reference beside the domains: the letter of an option, and the rules of a scorer."""

_FORMULA = re.compile(r"\$\$?((?:\\.|[^$\n\\])+)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]")
_NUMBER = re.compile(
    r"(?<![\w.])[-−+]?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:(?<=\d)(?:\.\d+)?|\.\d+)(?:\s?/\s?\d+(?![\d.]))?%?"
)
_QUOTED = re.compile(r"\*\*(.+?)\*\*|\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`|(?<!\w)'([^'\n]+)'(?!\w)")
_CHOICE = re.compile(r"(?:option|choice)?\s*\(?([A-J])(?:\)|[.,:;](?=\s|$)|$)")
_RIGHT = re.compile(r"\b(?:option|choice)\s+\(?([A-J])\)?\s+is\s+(?:the\s+)?(?:correct|right|answer)", re.IGNORECASE)
_ALONE = re.compile(r"[\s$*_`>#-]*(?:\\(?:text|textbf|mathrm|mathbf)\{)?\(?([A-J])\)?\}?[\s$*_`.]*")
LONGEST_BETWEEN = 40
_BETWEEN = re.compile(r"[\s$]*(?:,|;|,?\s*(?:\\text\s*\{\s*(?:and|or)\s*\}|\b(?:and|or)\b))[\s$]*")
_WORD = re.compile(r"[^\W_](?:[\w'’-]*[^\W_])?")
_SENTENCE = re.compile(r"[.?](?:\s|$)")


def solution(text: str) -> str | None:
    """What `text` says after its thinking: all of it when it shows none, None when the thinking never ends."""
    if any(marker in text for marker in MARKERS):
        _, closed, after = text.rpartition(END_THOUGHT)
        _, opened, after = after.partition(BEGIN_SOLUTION)
        return after.partition(END_SOLUTION)[0] if closed and opened else None
    if "<think>" in text or "</think>" in text:
        _, closed, after = text.rpartition("</think>")
        return after if closed and "<think>" not in after else None
    return text


def strict_answer(text: str) -> str | None:
    """The last balanced, filled box of the solution; None when there is none.

    Boxes in a row, with a comma, "and" or "or" between them, are one answer of several parts.
    """
    part = solution(text)
    return None if part is None else _last_box(part)


def lenient_answer(text: str, domain: str) -> str | None:
    """The last box anywhere, else what follows the last "the answer is", else the last number (maths) or word.

    `domain` may be CHOICE or SCORED too: then the statement is taken whole, and no mere letter or word for one.
    """
    for part in dict.fromkeys((solution(text) or text, text)):
        found = _last_box(part) or _stated(part, domain) or _last(part, domain)
        if found:
            return found
    return None


def _last_box(text: str) -> str | None:
    """One pass with a stack, so that a text of nothing but open boxes costs no more than another."""
    opened: list[tuple[int, int] | None] = []
    boxes: list[tuple[int, int, str]] = []
    # What is opened before the first box closes none: the braces up to there need no look.
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


def _stated(text: str, domain: str) -> str | None:
    statements = list(_STATED.finditer(text))
    if not statements:
        return None
    rest = statements[-1]["rest"].strip()
    if domain in {CHOICE, SCORED}:
        return _bare(_SENTENCE.split(rest, maxsplit=1)[0]) or None
    formulas = list(_FORMULA.finditer(rest))
    if formulas:
        return _bare(next(filter(None, formulas[0].groups())))
    sentence = _SENTENCE.split(rest, maxsplit=1)[0]
    if domain == "maths":
        return _stated_value(sentence)
    choice = _CHOICE.match(rest.strip("*_ "))
    if choice:
        return choice[1]
    quoted = _QUOTED.search(sentence)
    if quoted:
        return _bare(next(filter(None, quoted.groups())))
    words = _bare(re.sub(r"^(?:the|an?)\s+", "", sentence.strip(), flags=re.IGNORECASE).rstrip("!"))
    return words if len(words.split()) <= 3 else _last(words, domain)


def _stated_value(sentence: str) -> str | None:
    """A formula as it stands; of a sentence in words, what stands after its last equals sign, or its first number."""
    bare = _bare(sentence)
    if "\\" in bare or not re.search(r"[A-Za-z]{2}", bare):
        return bare.rpartition("=")[2].strip() or None
    _, equals, value = bare.rpartition("=")
    numbers = [found[0] for found in _NUMBER.finditer(value if equals else bare)]
    return _bare(numbers[0]) if numbers else bare or None


def _last(text: str, domain: str) -> str | None:
    if domain in {CHOICE, SCORED}:
        line = text.rstrip().rpartition("\n")[2].strip()
        if domain == SCORED:
            return _bare(line) or None
        alone, right = _ALONE.fullmatch(line), list(_RIGHT.finditer(text))
        return alone[1] if alone else right[-1][1].upper() if right else None
    pattern = _NUMBER if domain == "maths" else _WORD
    found = [match[0] for match in pattern.finditer(text)]
    return _bare(found[-1]) if found else None


def _bare(text: str) -> str:
    """`text` without the markdown, quotes and punctuation around it."""
    before = None
    while before != text:
        before = text
        text = text.strip().strip('*_`"“”‘’ ').removesuffix(".").removesuffix(",").removesuffix(";")
        if text[:1] == text[-1:] and text[:1] in {"'", "$"} and len(text) > 1:
            text = text[1:-1]
    return text
