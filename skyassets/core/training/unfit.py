"""An example that the student's tokenizer or chat template cannot represent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Unfit:
    """Why one example cannot be trained on, in place of its token count. Other examples may be fine."""

    reason: str
