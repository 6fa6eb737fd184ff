"""Multiple choice: the options that a question offers, and the one that an answer selects."""

import re

from skyassets.stages.equivalence.compare import same
from skyassets.stages.equivalence.latex import tidy
from skyassets.stages.equivalence.prose import folded
from skyassets.stages.equivalence.single_values import denies

Options = tuple[tuple[str, str], ...]
"""Each letter with its text, starting at A."""

_LETTER = re.compile(r"\(?([A-Za-z])\)?")
_WRAP = r"(?:\$|\*\*|\\(?:text|textbf|mathrm|mathbf|mbox)\s*\{)*"
_UNWRAP = r"(?:\$|\*\*|\})*"
_NO_COMPOUND = r"(?!-(?:[\d,']+-|\(|[A-Za-z]{3}))"
"""Not allowed after a letter: with it, the letter is part of a compound's name, (E)-2-butene or (D)-glucose."""
_MARK = re.compile(
    rf"(?:(?:^|(?<=\s)|(?<=quad)){_WRAP}\s*(?:\(([A-J])\){_NO_COMPOUND}|([A-J])\))|^[ \t]*{_WRAP}([A-J])[.:](?=\s))"
    rf"{_UNWRAP}(?:\\[ ,;!]|\\q?quad|~)*",
    re.MULTILINE,
)
_SELECTED = re.compile(
    r"(?i:(?:the\s+)?(?:correct\s+|final\s+)?(?:option|choice|answer)\s*(?:is|:)?\s*)?"
    rf"{_WRAP}\s*(?:\(([A-J])\){_NO_COMPOUND}|([A-J])(?=[).,:;\s}}$*]|$)\)?){_UNWRAP}(?P<rest>.*)",
    re.DOTALL,
)
_ARTICLE = re.compile(r"[AI]\s+(?!or\b|and\b|is\b)[a-z]")
_COMPUTED = re.compile(
    r"\s*(?:[\^_+*/=<>!']|-\s*(?:\d|[A-Za-z]\b|[\\(])|\\(?:cdot|times|div|pm|ne|neq|le|ge|leq|geq|in)\b)"
)
"""A letter that is a term of a formula, not an option."""
_STANDALONE = re.compile(r"(?<![\w\\'’])\(?([A-J])\)?(?![\w'’])")


def options(question: str) -> Options:
    """The options in a question, as `A) ...`, `(A) ...` or `A. ...`; empty unless the letters are in order."""
    marks: list[re.Match[str]] = []
    for mark in _MARK.finditer(question):
        letter = mark[1] or mark[2] or mark[3]
        if letter == "A":
            marks = []
        if letter == chr(ord("A") + len(marks)):
            marks.append(mark)
    ends = [*(mark.start() for mark in marks[1:]), len(question)]
    texts = [question[mark.end() : end].partition("\n\n")[0] for mark, end in zip(marks, ends, strict=False)]
    return tuple((chr(ord("A") + place), bare(text)) for place, text in enumerate(texts)) if len(texts) > 1 else ()


def bare(written: str) -> str:
    """The text of an option for comparison, without list or formula markup."""
    return re.sub(r"(?:\\q?quad|\s)+$", "", written).strip().strip("$").strip()


def letter_of(text: str) -> str | None:
    """The letter, if all of a reference or an answer is one; None otherwise."""
    match = _LETTER.fullmatch(tidy(text))
    return match[1].upper() if match else None


def is_choice(ground_truth: str, offered: Options) -> bool:
    """Whether the reference is an option: a letter or text of `offered`, or a bare capital if there are none."""
    letter = letter_of(ground_truth)
    if letter is None:
        return bool(offered) and bool(selected(ground_truth, offered))
    return letter is not None and (letter in dict(offered) or (not offered and tidy(ground_truth).isupper()))


def selected(answer: str, offered: Options) -> str | None:
    """The letter of the option that `answer` selects; empty if it selects several, None if it names none.

    The answer may give the letter, the text, or both; a lowercase letter counts only if it stands alone.
    """
    letters = dict(offered)
    alone = letter_of(answer)
    if alone is not None:
        return alone if not letters or alone in letters else None
    by_text = [letter for letter, text in offered if _matches(answer, text)]
    if len(by_text) == 1:
        return by_text[0]
    match = _SELECTED.match(answer.strip())
    if match is None or _ARTICLE.match(match[0]):
        return None
    letter, rest = match[1] or match[2], match["rest"]
    if letters and letter not in letters:
        return None
    text = rest.strip(" .,:;)-–—=")
    if letter in letters and _matches(text, letters[letter]):
        return letter
    if any(_matches(text, other) for name, other in offered if name != letter):
        return ""
    if denies(rest) or _COMPUTED.match(rest):
        return None
    others = {other for other in _STANDALONE.findall(rest) if other != letter and not _is_article(other, rest)}
    return "" if others else letter


def right_text(ground_truth: str, offered: Options) -> str | None:
    """The text of the option that the reference selects."""
    return dict(offered).get(selected(ground_truth, offered) or "")


def _matches(answer: str, text: str) -> bool:
    return bool(text) and (same(answer, text) is True or folded(answer) == folded(text))


def _is_article(letter: str, rest: str) -> bool:
    return letter in "AI" and bool(re.search(rf"(?<!\w){letter}\s+(?!or\b|and\b|is\b)[a-z]", rest))
