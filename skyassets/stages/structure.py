"""The structure of a rewritten trace: a thought and a solution between four markers (STILL-2's, used by Sky-T1)."""

from dataclasses import dataclass

BEGIN_THOUGHT = "<|begin_of_thought|>"
END_THOUGHT = "<|end_of_thought|>"
BEGIN_SOLUTION = "<|begin_of_solution|>"
END_SOLUTION = "<|end_of_solution|>"
MARKERS = (BEGIN_THOUGHT, END_THOUGHT, BEGIN_SOLUTION, END_SOLUTION)


@dataclass(frozen=True)
class Structured:
    """The two parts of a structured text, without markers and outer blank space."""

    thought: str
    solution: str


def join(parts: Structured) -> str:
    """`parts` between their markers; `parse` gives them back.

    Raises:
        ValueError: when a part holds a marker itself, which nobody could tell apart any more.
    """
    if any(marker in part for marker in MARKERS for part in (parts.thought, parts.solution)):
        raise ValueError("the text holds a structure marker itself")
    return (
        f"{BEGIN_THOUGHT}\n\n{parts.thought.strip()}\n\n{END_THOUGHT}\n\n"
        f"{BEGIN_SOLUTION}\n\n{parts.solution.strip()}\n\n{END_SOLUTION}"
    )


def parse(text: str) -> Structured | None:
    """The two parts of `text`, or None unless all four markers stand there once, in order, around nothing else."""
    if any(text.count(marker) != 1 for marker in MARKERS):
        return None
    before, rest = text.split(BEGIN_THOUGHT)
    thought, found, rest = rest.partition(END_THOUGHT)
    between, found_too, rest = rest.partition(BEGIN_SOLUTION)
    solution, closed, after = rest.partition(END_SOLUTION)
    if not (found and found_too and closed) or before.strip() or between.strip() or after.strip():
        return None
    if not thought.strip() or not solution.strip():
        return None
    return Structured(thought.strip(), solution.strip())
