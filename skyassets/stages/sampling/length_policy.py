"""The length policy: what becomes of completions that their token limit cut."""

from dataclasses import dataclass
from typing import ClassVar

from skyassets.core.errors import RecipeError

CUT = "length"
"""The finish reason of a completion that the token limit cut."""


@dataclass(frozen=True)
class LengthPolicy:
    """What becomes of a completion that the token limit cut. Whatever it is, its row says so."""

    identity_name: ClassVar[str] = "LengthPolicy"
    budgets: tuple[int, ...] = ()
    """Token limits to ask again with, one after the other, while the completion is cut; each larger than the last."""
    keep: bool = False
    """Whether what is still cut then is used like a finished one; if not, it is explained and not used."""

    def __post_init__(self) -> None:
        if list(self.budgets) != sorted(set(self.budgets)):
            raise RecipeError(f"LengthPolicy has budgets = {self.budgets}; each must be larger than the one before")

    def limits(self, asking: str, max_tokens: int) -> tuple[int, ...]:
        """All token limits one after the other, the first of them `max_tokens`; `asking` names who asks.

        Raises:
            RecipeError: when they do not grow.
        """
        if self.budgets and self.budgets[0] <= max_tokens:
            raise RecipeError(
                f"{asking} has length.budgets = {self.budgets}; the first must be larger than "
                f"sampling.max_tokens, {max_tokens}"
            )
        return (max_tokens, *self.budgets)


DROP = LengthPolicy()
KEEP = LengthPolicy(keep=True)
