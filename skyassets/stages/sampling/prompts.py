"""Prompts as data: how a problem becomes the messages a model sees. Teacher, student and base are asked alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from skyassets.core.errors import RecipeError
from skyassets.core.ports import Message


@dataclass(frozen=True)
class Prompts:
    """A system prompt (empty for none) and one user prompt a domain, with {question} and {starter_code} in it."""

    identity_name: ClassVar[str] = "Prompts"
    system: str
    maths: str
    code: str
    puzzle: str
    science: str

    def messages(self, problem: Mapping[str, object]) -> tuple[Message, ...]:
        """The conversation that asks `problem` (a row of a problems table).

        Raises:
            RecipeError: when there is no prompt for the problem's domain.
        """
        templates = {"maths": self.maths, "code": self.code, "puzzle": self.puzzle, "science": self.science}
        domain = str(problem["domain"])
        if domain not in templates:
            raise RecipeError(f"no prompt for the domain {domain!r}; a problem's domain is one of {sorted(templates)}")
        starter = problem["starter_code"]
        # Plain replacement: a question may hold braces of its own.
        user = templates[domain].replace("{starter_code}", str(starter) if starter else "")
        user = user.replace("{question}", str(problem["question"])).strip()
        system = (Message("system", self.system),) if self.system else ()
        return (*system, Message("user", user))
