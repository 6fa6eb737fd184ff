"""Prompt templates: turn a problem into messages. Teacher, student and base model get the same prompts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from skyassets.core.errors import RecipeError
from skyassets.core.ports import Message


@dataclass(frozen=True)
class Prompts:
    """A system prompt (empty for none) and one user prompt per domain, with {question} and {starter_code} in it."""

    identity_name: ClassVar[str] = "Prompts"
    system: str
    maths: str
    code: str
    puzzle: str
    science: str

    def messages(self, problem: Mapping[str, object]) -> tuple[Message, ...]:
        """The messages for `problem` (a row of a problems table).

        Raises:
            RecipeError: when there is no prompt for the problem's domain.
        """
        templates = {"maths": self.maths, "code": self.code, "puzzle": self.puzzle, "science": self.science}
        domain = str(problem["domain"])
        if domain not in templates:
            raise RecipeError(f"no prompt for the domain {domain!r}; a problem's domain is one of {sorted(templates)}")
        starter = problem["starter_code"]
        # Not `str.format`: a question may contain braces.
        user = templates[domain].replace("{starter_code}", str(starter) if starter else "")
        user = user.replace("{question}", str(problem["question"])).strip()
        system = (Message("system", self.system),) if self.system else ()
        return (*system, Message("user", user))
