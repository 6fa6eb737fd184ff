"""The structure of a rewritten trace: a thought and a solution between four markers (STILL-2's, used by Sky-T1)."""

import re
from dataclasses import dataclass

BEGIN_THOUGHT = "<|begin_of_thought|>"
END_THOUGHT = "<|end_of_thought|>"
BEGIN_SOLUTION = "<|begin_of_solution|>"
END_SOLUTION = "<|end_of_solution|>"
MARKERS = (BEGIN_THOUGHT, END_THOUGHT, BEGIN_SOLUTION, END_SOLUTION)

_TEMPLATE_TOKEN = re.compile(r"<\|[A-Za-z_]+\|>|</?(?:start|end)_of_turn>|</?think>")
"""Turn and thought markers of chat templates: ChatML's and Llama 3's tokens, Gemma's, and R1's tags."""


@dataclass(frozen=True)
class Structured:
    """The two parts of a structured text, without markers and surrounding whitespace."""

    thought: str
    solution: str


def join(parts: Structured) -> str:
    """Join `parts` with their markers; the inverse of `parse`.

    Raises:
        ValueError: when a part contains a marker or a chat template token, which would make the text ambiguous.
    """
    for part in (parts.thought, parts.solution):
        if any(marker in part for marker in MARKERS):
            raise ValueError("the text holds a structure marker itself")
        if token := template_token(part):
            raise ValueError(f"the text holds a chat template's token itself: {token}")
    return (
        f"{BEGIN_THOUGHT}\n\n{parts.thought.strip()}\n\n{END_THOUGHT}\n\n"
        f"{BEGIN_SOLUTION}\n\n{parts.solution.strip()}\n\n{END_SOLUTION}"
    )


def template_token(text: str) -> str | None:
    """The first chat template token in `text`, of whichever model, in one of the common spellings.

    Our own markers do not count. What the student's own tokenizer reads as a special token is not known here: that is
    asked when its tokens are counted.
    """
    return next((token[0] for token in _TEMPLATE_TOKEN.finditer(text) if token[0] not in MARKERS), None)


def parse(text: str, *, empty_thought: bool = False) -> Structured | None:
    """The two parts of `text`; None unless each marker occurs once, in order, with no text outside the markers.

    The solution must not be empty, and the thought only with `empty_thought`.
    """
    if any(text.count(marker) != 1 for marker in MARKERS):
        return None
    before, rest = text.split(BEGIN_THOUGHT)
    thought, ended, rest = rest.partition(END_THOUGHT)
    between, began, rest = rest.partition(BEGIN_SOLUTION)
    solution, closed, after = rest.partition(END_SOLUTION)
    if not (ended and began and closed) or before.strip() or between.strip() or after.strip():
        return None
    if not (thought.strip() or empty_thought) or not solution.strip():
        return None
    return Structured(thought.strip(), solution.strip())
