"""The rule that an example has reasoning to learn from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from skyassets.core.errors import RecipeError
from skyassets.stages.curation.rules import CurationRow, RuleContext
from skyassets.stages.extraction.thoughts import split
from skyassets.stages.extraction.trace_format import parse


@dataclass(frozen=True)
class HasReasoning:
    """The teacher reasoned: neither the thought that its trace marks nor that of the rewrite is empty.

    The trace is looked at too, because a model that rewrites may fill an empty thought with the solution's words.
    """

    identity_name: ClassVar[str] = "HasReasoning"
    name: ClassVar[str] = "no reasoning"
    words: int = 1
    """The fewest words of a thought."""
    unmarked: bool = True
    """Whether a trace that marks no thought passes: of teachers without marks, all of the trace is the thought."""

    def __post_init__(self) -> None:
        if self.words < 1:
            raise RecipeError(f"HasReasoning has words = {self.words}; it must be 1 or more")

    def faults(self, rows: Sequence[CurationRow], context: RuleContext) -> list[str | None]:
        """Whose thought is empty or too short."""
        return [self._fault(str(row["rewritten"]), context.trace(row)) for row in rows]

    def _fault(self, rewritten: str, trace: str) -> str | None:
        marked, learned = split(trace), parse(rewritten, empty_thought=True)
        if isinstance(marked, str):
            return marked
        if marked.thought is None and not self.unmarked:
            return "the trace marks no thought"
        return _short("the trace's", marked.thought, self.words) or _short(
            "the rewrite's", None if learned is None else learned.thought, self.words
        )


def _short(whose: str, thought: str | None, least: int) -> str | None:
    if thought is None or (count := len(thought.split())) >= least:
        return None
    return f"{whose} thought has {count} words, the fewest are {least}" if count else f"{whose} thought is empty"
