"""A fake language model with two parameters: how often it is right, and how often it keeps the requested form.

It replaces a real model in fast tests: it is served over HTTP, sampled by seed, trained and saved like one. Its answers
depend only on its parameters, the messages and the seed.
"""

import hashlib
import json
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path

FILE = "tiny.json"


@dataclass(frozen=True)
class FakeModel:
    """`skill` is the chance of a right answer, `form` that of the structured, boxed form; both in [0, 1]."""

    skill: float = 0.5
    form: float = 0.0
    seen: str = ""
    """Digest of its training examples: different examples give different weights."""

    def answer(self, messages: list[dict[str, str]], seed: int, temperature: float) -> str:
        """The completion of a conversation, the same for the same arguments."""
        question = messages[-1]["content"]
        dice = _Dice(json.dumps(messages) + (f"#{seed}" if temperature > 0 else ""))
        body, solution = _solve(question, dice.roll() < self.skill)
        is_requested = "<|begin_of_thought|>" in question
        if dice.roll() >= self.form and not is_requested:
            return f"{body}\n\n{solution}" if "```" in solution else body
        return (
            f"<|begin_of_thought|>\n\n{body}\n\n<|end_of_thought|>\n\n"
            f"<|begin_of_solution|>\n\n{solution}\n\n<|end_of_solution|>"
        )

    def trained(self, loss: float) -> "FakeModel":
        """Return the model after one step at this loss, with higher skill and form."""
        pull = min(0.5, 0.2 / max(loss, 0.1))
        skill, form = self.skill + (1 - self.skill) * pull * 0.3, self.form + (1 - self.form) * pull
        return replace(self, skill=skill, form=form)

    def save(self, folder: Path) -> None:
        """Write the weights into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")


def load(folder: Path) -> FakeModel:
    """The model saved in `folder`."""
    return FakeModel(**json.loads((folder / FILE).read_text(encoding="utf-8")))


class _Dice:
    def __init__(self, seed: str) -> None:
        self._seed, self._rolls = seed, 0

    def roll(self) -> float:
        self._rolls += 1
        raw = hashlib.blake2b(f"{self._rolls}:{self._seed}".encode(), digest_size=8).digest()
        return int.from_bytes(raw, "big") / 2**64


def _solve(question: str, right: bool) -> tuple[str, str]:
    """Return reasoning and solution for the problem families it knows; nonsense for all others."""
    if match := re.search(r"What is (\d+) times (\d+)\?", question):
        value = int(match[1]) * int(match[2]) + (0 if right else 1)
        return f"I multiply {match[1]} by {match[2]}. The product is {value}", rf"The answer is \boxed{{{value}}}."
    if match := re.search(r"last word in this list: ([\w, ]+)\?", question):
        words = match[1].split(", ")
        word = words[-1] if right else words[0]
        return f"I read the list to its end. The word is {word}", rf"The answer is \boxed{{{word}}}."
    if match := re.search(r"function `(\w+)\(n\)` that returns n plus (\d+)", question):
        sign = "+" if right else "-"
        return "The function adds a constant.", f"```python\ndef {match[1]}(n):\n    return n {sign} {match[2]}\n```"
    return "I do not know", r"The answer is \boxed{0}."
