"""Extracts final answers from a text, without judging them.

The strict mode accepts only the requested form: a balanced box after the thinking. The lenient mode takes the last
stated answer; it is a separate mode so that better formatting does not count as better reasoning. It extracts a
number or word from a sentence only if nothing around it can change its meaning. Otherwise it returns the sentence,
and the comparison decides, or reports that it cannot.
"""

import re

from skyassets.stages.equivalence.number import quantity
from skyassets.stages.equivalence.trace_format import BEGIN_SOLUTION, END_SOLUTION, END_THOUGHT, MARKERS

_BRACE = re.compile(r"\\boxed\s*\{|\\fbox\s*\{|\\[\\{}]|[{}]")
_STATED = re.compile(
    r"\b(?:answer|result)[*_`\s]{0,4}(?:\bis\b|\bare\b|=|:)[*_`:\s]{0,8}(?:therefore|thus|simply|just)?\s{0,4}"
    r"(?P<rest>[^\n]{1,500})",
    re.IGNORECASE,
)
CHOICE, SCORED = "choice", "scored"
"""Kinds of reference in addition to the domains: an option's letter, and a scorer's rules."""

_FORMULA = re.compile(r"\$\$?((?:\\.|[^$\n\\])+)\$\$?|\\\((.+?)\\\)|\\\[(.+?)\\\]")
_NUMBER = re.compile(
    r"(?<![\w.])[-−+]?\$?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)?(?:(?<=\d)(?:\.\d+)?|\.\d+)(?:\s?/\s?\d+(?![\d.]))?%?"
)
_QUOTED = re.compile(r"\*\*(.+?)\*\*|\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`|(?<!\w)'([^'\n]+)'(?!\w)")
_CHOICE = re.compile(r"(?:option|choice)?\s*\(?([A-J])(?:\)|[.,:;](?=\s|$)|$)")
_RIGHT = re.compile(
    r"\b(?:option|choice)\s+\(?([A-J])\)?\s+is\s+(?:the\s+)?(?:correct|right|answer)|"
    r"\b(?:correct|right)\s+(?:option|choice|answer)\s*(?:is|:)\s*(?:option\s+|choice\s+)?[*_$`]{0,3}"
    r"(?:\(([A-J])\)|(?-i:([A-J])))[*_$`]{0,3}(?=[.,;:)]|\s*$)",
    re.IGNORECASE | re.MULTILINE,
)
_ALONE = re.compile(r"[\s$*_`>#-]*(?:\\(?:text|textbf|mathrm|mathbf)\{)?\(?([A-J])\)?\}?[\s$*_`.]*")
LONGEST_BETWEEN = 40
_BETWEEN = re.compile(r"[\s$]*(?:,|;|,?\s*(?:\\text\s*\{\s*(?:and|or)\s*\}|\b(?:and|or)\b))[\s$]*")
_WORD = re.compile(r"[^\W_](?:[\w'’-]*[^\W_])?")
_SENTENCE = re.compile(r"[.?](?=[\s*_\"”]|$)|\n|</?think>|<\|\w+\|>")
_REASON = re.compile(
    r"[.?](?=[\s*_\"”]|$)|\n|<\|\w+\|>|</?think>|,?\s+(?:because|since|as|which|so|where|hence|thus)\b|"
    r",\s+(?:for|of course)\b"
)
"""The end of a statement: the end of its sentence, or the start of its reasons."""
_THEN = re.compile(r"[,;:]|\b(?:then|so|therefore|thus|hence|and|but|because|since)\b", re.IGNORECASE)
_DENYING = re.compile(
    r"n['’]t\b|\b(?:not|cannot|never|wrong|incorrect|false|neither|nor|except|unless|rather|instead|without|"
    r"impossible|exclud\w+|anything|doubt\w*|mistake\w*|whether|if|suppose|assum\w+|maybe|perhaps|possibly|probably|"
    r"might|could|either|opposite|unsure|guess\w*)\b",
    re.IGNORECASE,
)
_CHANGING = re.compile(
    r"\b(?:minus|negative|plus|less|more|few\w*|than|between|or|most|least|about|approx\w*|around|roughly|nearly|almost|"
    r"over|under|above|below|within|up to|beyond|exceed\w*|greater|larger|smaller|bigger|squared?|cubed?|power|roots?|"
    r"hundreds?|thousands?|\w*illions?|dozens?|scores?|couple|pairs?|half|halves|thirds?|quarters?|fourths?|"
    r"fifths?|sixths?|sevenths?|eighths?|ninths?|tenths?|hundredths?|thousandths?|percent\w*|"
    r"twice|thrice|doubled?|triple\w*|quadrupled?|times|multipl\w*|divided|factor\w*|modulo|mod|choose|sum|product|"
    r"difference|quotient|ratio|reciprocal|inverse|absolute|factorial|functions?|sqrt|cbrt|log|ln|exp|sin|cos|tan|"
    r"cot|sec|csc|arc\w+|floor|ceil\w*|abs|max|min|gcd|lcm|pi|raised|through|till|until|before|after|next|previous|"
    r"precedes|preceding|follow\w*|reverse\w*|backwards?|spelled|base|binary|hex\w*|bn|negat\w*|loss|lost|losing|owed?|owing|debt|each|add\w*|subtract\w*|"
    r"but|plus-minus|off|short|wait|actually|oops|hmm|both|other|[b-z])\b|\\(?!\$)|[√∛±∓×÷·^*/!<>≤≥≈~∞π°²³|_]|[+−=]|(?<!\w)-",
    re.IGNORECASE,
)
_LEADING = frozenset(
    {
        "a", "an", "the", "number", "value", "integer", "word", "letter", "name", "total", "of", "exactly", "simply",
        "just", "therefore", "thus", "clearly", "still", "then", "indeed", "now", "equal", "to", "be", "precisely",
        "only", "also", "again", "found", "given", "by", "as", "follows", "hence", "called", "named", "final", "is",
        "option", "choice",
    }
)  # fmt: skip
"""Words that may occur between "the answer is" and the answer."""
_LIST = re.compile(r"[\d)}%$]\s*(?:,|;|:|\bto\b|\band\b|\bor\b|&|–|-|−|\+|/|\*|×|x)\s*[$\"'“]*$")
_SEVERAL = re.compile(r"=[^=]*(?:,|;|\b(?:and|or)\b)[^=]*=")
_WITHDRAWN = re.compile(r"\b(?:wait|actually|oops|scratch that|correction)\b", re.IGNORECASE)
_SAYING = re.compile(
    r"\b(?:is|are|was|were|be|equals?|gets?|have|has|makes?|gives?|yields?|obtain|find|reach|costs?|leaves?|remains?)\b|[=:](?=\s)|=",
    re.IGNORECASE,
)
_FOLLOWS = re.compile(r"\s*(?:[*_`\"'”’)\]$]|[.,;:](?!\d))*(?=\s|$)")
_OPENS = re.compile(r"(?:^|[\s\"'“‘:=])[\"'“‘(\[*_`$]*\\?$")
LONGEST_SENTENCE = 500


def solution(text: str) -> str | None:
    """`text` after the thinking: all of it if there is none, None if the thinking never ends."""
    if any(marker in text for marker in MARKERS):
        _, closed, after = text.rpartition(END_THOUGHT)
        _, opened, after = after.partition(BEGIN_SOLUTION)
        return after.partition(END_SOLUTION)[0] if closed and opened else None
    if "<think>" in text or "</think>" in text:
        _, closed, after = text.rpartition("</think>")
        return after if closed and "<think>" not in after else None
    return text


def strict_answer(text: str) -> str | None:
    """The last balanced, non-empty box of the solution; None if there is none.

    Consecutive boxes, separated by a comma, "and" or "or", are one answer with several parts.
    """
    part = solution(text)
    return None if part is None else _last_box(part)


def lenient_answer(text: str, domain: str) -> str | None:
    """The last box anywhere, else what follows the last "the answer is", else the last number (maths) or word.

    `domain` may also be CHOICE or SCORED: then the whole statement is returned, not a single letter or word of it.
    """
    for part in dict.fromkeys((solution(text) or text, text)):
        found = _last_box(part) or _stated(part, domain) or _last(part, domain)
        if found:
            return found
    return None


def _last_box(text: str) -> str | None:
    """Finds the boxes in one pass with a stack, so that a text full of open boxes stays cheap."""
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


def _stated(text: str, domain: str) -> str | None:
    statements = list(_STATED.finditer(text))
    if not statements:
        return None
    found = statements[-1]
    rest = found["rest"].strip()
    sentence = _up_to(_SENTENCE, rest)
    if domain in {CHOICE, SCORED}:
        return _bare(sentence) or None
    before = text[max(0, found.start() - LONGEST_SENTENCE) : found.start()]
    before = _after_last(_THEN, _after_last(_SENTENCE, before))
    clause, near = _up_to(_REASON, rest), " ".join(re.findall(r"[^\W\d_]{2,}", before)[-4:])
    doubted = rest[len(sentence) : len(sentence) + 1] == "?" or _WITHDRAWN.search(text, found.start("rest"))
    if doubted or _DENYING.search(f"{before} {sentence}") or _CHANGING.search(near):
        return _bare(f"{before.strip()} {found[0].partition(found['rest'])[0]} {sentence}") or None
    return _formula(clause) or (_stated_value(clause) if domain == "maths" else _stated_words(clause))


def _up_to(mark: re.Pattern[str], rest: str) -> str:
    """`rest` up to the end of its sentence or the start of the reasons. A formula is never split."""
    formula, end = _FORMULA.search(rest), mark.search(rest)
    if formula and end and formula.start() < end.start():
        end = mark.search(rest, formula.end())
    return rest[: end.start()] if end else rest


def _after_last(mark: re.Pattern[str], text: str) -> str:
    found = list(mark.finditer(text))
    return text[found[-1].end() :] if found else text


def _is_leading(text: str) -> bool:
    return set(re.findall(r"[^\W_]+|[^\w\s*_`\"'“‘:,(\[]", text.casefold())) <= _LEADING


def _formula(clause: str) -> str | None:
    """The only formula of a statement, or the whole statement if anything else in it may change the meaning."""
    formulas = list(_FORMULA.finditer(clause))
    if not formulas:
        return None
    one, rest = formulas[0], clause[formulas[0].end() :]
    if len(formulas) == 1 and _is_leading(clause[: one.start()]) and not _changes(rest):
        return _bare(next(filter(None, one.groups())))
    return "the answer is " + _bare(clause.replace("$", ""))


def _changes(rest: str) -> bool:
    """Whether the rest of the statement after a value may change the value."""
    return bool(not _FOLLOWS.match(rest) or _CHANGING.search(rest.strip("*_ ")) or re.search(r"\d", rest))


def _stated_value(clause: str) -> str | None:
    """A formula unchanged; for words, the part after the last equals sign, or their only number."""
    bare = _bare(clause)
    value = _after_equals(bare)
    if "\\" in bare or not re.search(r"[A-Za-z]{2}", bare):
        return value or None
    numbers = list(_NUMBER.finditer(value))
    if len(numbers) == 1:
        lead, rest = value[: numbers[0].start()], value[numbers[0].end() :]
        if _OPENS.search(lead) and _is_leading(lead) and not _changes(rest):
            return _measured(numbers[0][0], rest)
    found = quantity(bare)
    # "Five below" is not five of a unit called below: the prefix keeps it from being parsed as a quantity.
    return f"the answer is {bare}" if found and found.unit and not found.unit.is_known else bare or None


def _after_equals(formula: str) -> str:
    """The part after the last equals sign; all of it if it contains several equations."""
    value = formula.rpartition("=")[2].strip()
    return formula if _SEVERAL.search(formula) or not re.search(r"\w", value) else value


def _measured(number: str, rest: str) -> str:
    """The number, with its unit if that is a known one: five metres are not five feet."""
    whole = _bare(number + rest)
    found = quantity(whole)
    return whole if found and found.unit and found.unit.is_known else _bare(number)


def _stated_words(clause: str) -> str | None:
    choice = _CHOICE.match(clause.strip("*_ "))
    if choice:
        return choice[1]
    quoted = list(_QUOTED.finditer(clause))
    if quoted and _is_leading(clause[: quoted[0].start()]) and not _changes(clause[quoted[0].end() :]):
        return _bare(next(filter(None, quoted[0].groups())))
    words = _bare(re.sub(r"^(?:the|an?)\s+|(?<![\d)])!+$", "", clause.strip(), flags=re.IGNORECASE))
    is_plain = re.match(r"[-−+$]?\d", words) and len(words.split()) <= 3 and not _CHANGING.search(words)
    return _stated_value(words) if re.search(r"\d", words) and not is_plain else words or None


def _last(text: str, domain: str) -> str | None:
    if domain in {CHOICE, SCORED}:
        line = text.rstrip().rpartition("\n")[2].strip()
        if domain == SCORED:
            return _bare(line) or None
        alone, right = _ALONE.fullmatch(line), list(_RIGHT.finditer(text))
        return alone[1] if alone else next(filter(None, right[-1].groups())).upper() if right else None
    if domain == "maths":
        return _last_number(text)
    words = list(_WORD.finditer(text))
    if not words:
        return None
    if re.search(r"\d", words[-1][0]):
        return _last_number(text)
    before, after = _around(text, words[-1])
    sentence = before + words[-1][0] + after
    return _bare(sentence if _DENYING.search(sentence) else words[-1][0])


def _last_number(text: str) -> str | None:
    """The last number, or its sentence if anything in it may change the meaning."""
    numbers = list(_NUMBER.finditer(text))
    if not numbers:
        return None
    before, after = _around(text, numbers[-1])
    sentence = before + numbers[-1][0] + after
    lead = _after_last(_SAYING, before)
    is_led = lead == before or _is_leading(lead.strip("*_ $\\").rpartition(",")[2])
    # The prefix keeps "x = 5 short" from being parsed as five of a unit.
    whole = ("it says " if re.search(r"=[^=\\]*[A-Za-z]{2}", sentence) else "") + _bare(sentence)
    formula = next((found for found in _FORMULA.finditer(sentence) if found.start() < len(before) < found.end()), None)
    if _DENYING.search(sentence) or _SEVERAL.search(sentence):
        return whole
    if formula:
        ahead = _after_last(_SAYING, sentence[: formula.start()])
        plain = not (_CHANGING.search(ahead.strip("*_ ")) or _LIST.search(ahead) or _changes(sentence[formula.end() :]))
        return _bare(_after_equals(next(filter(None, formula.groups()))) if plain else whole)
    if (
        is_led
        and _OPENS.search(before)
        and not (_CHANGING.search(lead.strip("*_ $\\")) or _LIST.search(lead) or _changes(after))
    ):
        return _measured(numbers[-1][0], after)
    return whole


def _around(text: str, found: re.Match[str]) -> tuple[str, str]:
    """The text before and after within the same sentence; limited for a very long one."""
    before = text[max(0, found.start() - LONGEST_SENTENCE) : found.start()]
    return _after_last(_SENTENCE, before), _up_to(_REASON, text[found.end() : found.end() + LONGEST_SENTENCE])


def _bare(text: str) -> str:
    """`text` without the markdown, quotes and punctuation around it."""
    before = None
    while before != text:
        before = text
        text = text.strip().strip('*_`"“”‘’ ').removesuffix(".").removesuffix(",").removesuffix(";")
        if text[:1] == text[-1:] and text[:1] in {"'", "$"} and len(text) > 1:
            text = text[1:-1]
    return text
