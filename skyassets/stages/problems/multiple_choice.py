"""Multiple choice: writes a row's options under its question, with letters, in shuffled order.

The order depends only on the item's content, so it is the same for every model and epoch, and wherever the row is in
its file.
"""

import json
import re

from skyassets.core.identity import digest
from skyassets.core.sources import Source
from skyassets.core.text import well_formed
from skyassets.stages.equivalence.choices import bare, options
from skyassets.stages.problems.row_types import Problem, SourceRow

LETTERS = "ABCDEFGHIJ"
"""The letters that `choices` can parse."""

_PLACE = re.compile(r"(\d+)(?:\.0)?")
_BLANK_LINES = re.compile(r"[ \t]*\n\s*\n[ \t]*")
_POINTING = re.compile(
    r"(?i:\b(?:all|none|both|neither|either|any|each|two)\b.{0,30}\b(?:above|below|preceding|foregoing)\b)"
    r"|(?i:\b(?:answers?|choices?|options?))\s+\(?[A-J]\b"
    r"|(?<!\w)\(?[A-J]\)?\s*(?:,|&|\b(?:and|or|nor)\b)\s*\(?[A-J]\)?(?!\w)"
)
"""An option that refers to other options by letter or position."""


def with_letters(source: Source, row: SourceRow, problem: Problem) -> tuple[str, str]:
    """The question with its options, and the letter of the correct one.

    Raises:
        ValueError: when the row has no ground truth, or no options of which a question can be made.
    """
    if (truth := problem["ground_truth"]) is None:
        raise ValueError("no ground truth")
    if source.options:
        texts, right = listed(row.get(source.options), str(truth))
    else:
        texts, right = listed([truth, *(row.get(column) for column in source.wrong_options)], "0")
    return with_options(source.name, str(problem["question"]), texts, right, is_ordered=bool(source.options))


def listed(value: object, truth: str) -> tuple[list[str], int]:
    """The options of a column with a list (or its JSON), and the position of the correct one, from 0.

    Raises:
        ValueError: when they are not a list of texts, or `truth` is neither a position nor a letter.
    """
    texts = [_option(each) for each in _list(value)]
    place = _PLACE.fullmatch(truth.strip())
    letter = truth.strip().strip("()").upper()
    right = int(place[1]) if place else LETTERS.find(letter) if len(letter) == 1 else -1
    if not 0 <= right < len(texts):
        raise ValueError(f"the ground truth is none of the options: {truth[:40]!r} of {len(texts)}")
    return texts, right


def with_options(source: str, question: str, texts: list[str], right: int, is_ordered: bool) -> tuple[str, str]:
    """The question followed by its options, and the letter of the correct one (at position `right`).

    With `is_ordered`, the given order is the source's. It is kept if an option refers to others (all of the above).

    Raises:
        ValueError: when options are too few, too many, blank or identical, or would not be parsed as intended.
    """
    if not 2 <= len(texts) <= len(LETTERS):
        raise ValueError(f"the options are too few or too many: {len(texts)}")
    if "" in map(bare, texts):
        raise ValueError("an option is blank")
    if len(set(map(bare, texts))) < len(texts):
        raise ValueError("two options are the same")
    ordered = list(texts)
    if not (is_ordered and any(map(_POINTING.search, texts))):
        ordered.sort(key=lambda text: digest("option", source, question, text))
    lettered = tuple(zip(LETTERS, ordered, strict=False))
    complete = "\n".join([f"{question}\n", *(f"{letter}) {text}" for letter, text in lettered)])
    if options(complete) != tuple((letter, bare(text)) for letter, text in lettered):
        raise ValueError("the options cannot be told from the text around them")
    return complete, LETTERS[ordered.index(texts[right])]


def _list(value: object) -> list[object]:
    match value:
        case list() | tuple():
            return list(value)
        case str():
            try:
                return _list(json.loads(value))
            except (ValueError, RecursionError) as error:
                raise ValueError(f"the options are no list: {value[:40]!r}") from error
        case _:
            raise ValueError(f"the options are no list: {type(value).__name__}")


def _option(value: object) -> str:
    """An option's text without blank lines, which would end it."""
    if isinstance(value, str):
        return _BLANK_LINES.sub("\n", well_formed(value.strip()))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError("an option is blank" if value is None else f"an option is no text: {type(value).__name__}")
