"""Sampling configuration, shared by the teacher and the evaluated models."""

from dataclasses import dataclass
from typing import ClassVar

from skyassets.core.ports import Model, Sampling
from skyassets.stages.sampling.length_policy import DROP, LengthPolicy
from skyassets.stages.sampling.prompts import Prompts


@dataclass(frozen=True)
class Asking:
    """The model, its prompts and sampling parameters, and the number of samples per problem."""

    identity_name: ClassVar[str] = "Asking"
    model: Model
    prompts: Prompts
    sampling: Sampling
    samples: int
    seed: int
    length: LengthPolicy = DROP

    def __post_init__(self) -> None:
        self.length.limits("Asking", self.sampling.max_tokens)
