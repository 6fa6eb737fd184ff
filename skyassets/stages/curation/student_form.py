"""The form in which the student learns its answers: the marks around its thought, and examples without a thought."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import ClassVar

from skyassets.core.errors import RecipeError
from skyassets.core.identity import digest
from skyassets.core.ports import Message
from skyassets.stages.extraction.thought_markers import THINK
from skyassets.stages.extraction.thoughts import TAG, thought_tag
from skyassets.stages.extraction.trace_format import BEGIN_THOUGHT, MARKERS, Structured, join, parse

_ANY_MARK = re.compile("|".join([*map(re.escape, MARKERS), TAG]))


class Marks(StrEnum):
    """The marks around the thought and the solution of the student's answers."""

    FOUR = "four markers"
    """`<|begin_of_thought|>` and the three others, as in Sky-T1 and STILL-2."""
    THINK = "think tags"
    """`<think>` and `</think>` around the thought, as in Qwen3 and DeepSeek R1; nothing around the solution."""


@dataclass(frozen=True)
class Hybrid:
    """Examples with and without a thought, as Qwen3 is trained on; the prompt says which is wanted.

    Without a thought means an empty one: the marks stay, and the solution follows. An example whose own thought is
    empty is one of these too, and does not count towards `share`.
    """

    identity_name: ClassVar[str] = "Hybrid"
    share: float
    """Share of the examples that lose their thought, between 0 and 1; which ones, depends on `seed` and their trace."""
    no_think: str = " /no_think"
    """Added to the end of the prompt of an example without a thought."""
    think: str = ""
    """Added to the end of the prompt of an example with one."""
    is_in_system: bool = False
    """Whether both are added to the system prompt and not to the user's."""
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise RecipeError(f"Hybrid has share = {self.share}; it must be between 0 and 1")

    def takes(self, trace_id: str) -> bool:
        """Whether the example of this trace loses its thought."""
        return int(digest("without a thought", self.seed, trace_id)[:13], 16) < self.share * 16**13

    def prompted(self, messages: tuple[Message, ...], *, is_thinking: bool) -> tuple[Message, ...]:
        """The prompt with the switch that says whether a thought is wanted."""
        switch = self.think if is_thinking else self.no_think
        role = "system" if self.is_in_system else "user"
        if not switch:
            return messages
        if not any(message.role == role for message in messages):
            return (Message(role, switch.strip()), *messages)
        return tuple(replace(each, content=each.content + switch) if each.role == role else each for each in messages)


@dataclass(frozen=True)
class StudentForm:
    """How an example is written from its prompt and its rewrite."""

    identity_name: ClassVar[str] = "StudentForm"
    marks: Marks = Marks.FOUR
    hybrid: Hybrid | None = None
    """With it, some examples have no thought; without it, all keep theirs."""

    def __str__(self) -> str:
        return f"{self.marks.value}{', some without a thought' if self.hybrid else ''}"

    @property
    def opens(self) -> str:
        """The mark with which the student's thought begins."""
        return BEGIN_THOUGHT if self.marks is Marks.FOUR else THINK.opens

    def other_mark(self, prompt: str) -> str | None:
        """The first mark that `prompt` names, if it names marks of thoughts and none of this form; else None."""
        named = [mark[0] for mark in _ANY_MARK.finditer(prompt)]
        own = MARKERS if self.marks is Marks.FOUR else (THINK.opens, THINK.closes)
        return None if not named or set(named).intersection(own) else named[0]

    def conversation(self, row: Mapping[str, object], prompt: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages of a row of `rewritten_traces` as an example; a rewrite without the structure stays as it is."""
        text = str(row["rewritten"])
        parts = parse(text, empty_thought=True)
        if parts is None or self == FOUR_MARKERS:
            return (*prompt, Message("assistant", text))
        if self.hybrid is not None:
            if self.hybrid.takes(str(row["trace_id"])):
                parts = replace(parts, thought="")
            prompt = self.hybrid.prompted(prompt, is_thinking=bool(parts.thought))
        return (*prompt, Message("assistant", self.answer(parts)))

    def answer(self, parts: Structured) -> str:
        """The answer that the student learns; the inverse of `learned_parts`."""
        if self.marks is Marks.FOUR:
            return join(parts)
        return f"{THINK.opens}\n{parts.thought}\n{THINK.closes}\n\n{parts.solution}"


FOUR_MARKERS = StudentForm()


def learned_parts(answer: str) -> Structured | None:
    """The parts of an example's answer in either form; None if it has neither."""
    if (parts := parse(answer, empty_thought=True)) is not None:
        return parts
    opened, _, rest = answer.partition(f"{THINK.opens}\n")
    thought, closed, solution = rest.partition(f"\n{THINK.closes}\n\n")
    is_whole = not opened and closed and bool(solution) and thought_tag(f"{thought}\n{solution}") is None
    return Structured(thought, solution) if is_whole else None
