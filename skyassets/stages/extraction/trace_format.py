"""The structure of a rewritten trace: a thought and a solution between four markers (STILL-2's, used by Sky-T1)."""

from dataclasses import dataclass

BEGIN_THOUGHT = "<|begin_of_thought|>"
END_THOUGHT = "<|end_of_thought|>"
BEGIN_SOLUTION = "<|begin_of_solution|>"
END_SOLUTION = "<|end_of_solution|>"
MARKERS = (BEGIN_THOUGHT, END_THOUGHT, BEGIN_SOLUTION, END_SOLUTION)


@dataclass(frozen=True)
class Structured:
    """The two parts of a structured text, without markers and surrounding whitespace."""

    thought: str
    solution: str


def join(parts: Structured) -> str:
    """Join `parts` with their markers; the inverse of `parse`.

    Raises:
        ValueError: when a part contains a marker, which would make the text ambiguous.
    """
    if any(marker in part for part in (parts.thought, parts.solution) for marker in MARKERS):
        raise ValueError("the text holds a structure marker itself")
    return (
        f"{BEGIN_THOUGHT}\n\n{parts.thought.strip()}\n\n{END_THOUGHT}\n\n"
        f"{BEGIN_SOLUTION}\n\n{parts.solution.strip()}\n\n{END_SOLUTION}"
    )


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
