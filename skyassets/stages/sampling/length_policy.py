"""The length policy: how to handle completions that were cut by their token limit."""

from dataclasses import dataclass
from typing import ClassVar

from skyassets.core.errors import RecipeError
from skyassets.core.finish_reasons import LENGTH

CUT = LENGTH
"""The finish reason of a completion that was cut by the token limit."""


@dataclass(frozen=True)
class LengthPolicy:
    """How to handle a completion that was cut by the token limit. Its row always records the cut."""

    identity_name: ClassVar[str] = "LengthPolicy"
    budgets: tuple[int, ...] = ()
    """Token limits for retries, in order, while the completion is cut; each larger than the one before."""
    keep: bool = False
    """Whether a completion that is still cut is used like a finished one; if not, it is dropped with a reason."""

    def __post_init__(self) -> None:
        if list(self.budgets) != sorted(set(self.budgets)):
            raise RecipeError(f"LengthPolicy has budgets = {self.budgets}; each must be larger than the one before")

    def limits(self, asking: str, max_tokens: int) -> tuple[int, ...]:
        """All token limits in order, starting with `max_tokens`; `asking` is the name for error messages.

        Raises:
            RecipeError: when the limits do not increase.
        """
        if self.budgets and self.budgets[0] <= max_tokens:
            raise RecipeError(
                f"{asking} has length.budgets = {self.budgets}; the first must be larger than "
                f"sampling.max_tokens, {max_tokens}"
            )
        return (max_tokens, *self.budgets)


DROP = LengthPolicy()
KEEP = LengthPolicy(keep=True)
