"""Evaluation settings: the same prompts, sampling and number of samples for every model."""

from dataclasses import dataclass, replace
from typing import ClassVar

from skyassets.core.identity import digest
from skyassets.core.ports import Model, Sampling
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.prompts import Prompts


@dataclass(frozen=True)
class Evaluation:
    """How the benchmarks are sampled; the same for every evaluated model."""

    identity_name: ClassVar[str] = "Evaluation"
    prompts: Prompts
    sampling: Sampling
    samples: int
    seed: int


@dataclass(frozen=True)
class Contender:
    """A model to evaluate besides base and student: the teacher, or a model behind an endpoint."""

    identity_name: ClassVar[str] = "Contender"
    role: str
    """Its name in tables, reports and settings (SKYASSETS_<ROLE>_URL): lower-case letters, digits and _."""
    model: Model


def epoch_seed(seed: int, epoch: str) -> int:
    """The seed of an evaluation epoch: the recipe's for the first (empty) epoch, a different one for every other."""
    return int(digest(seed, epoch)[:7], 16) if epoch else seed


def asking_of(benchmark: Benchmark, evaluation: Evaluation, model: Model, epoch: str) -> Asking:
    """The sampling settings of `model` on `benchmark`: the benchmark's overrides, else the evaluation's settings.

    They are the same for every model.
    """
    prompts = evaluation.prompts
    if own := benchmark.prompt:
        prompts = replace(prompts, maths=own, code=own, puzzle=own, science=own)
    return Asking(
        model,
        prompts,
        benchmark.sampling or evaluation.sampling,
        benchmark.samples or evaluation.samples,
        epoch_seed(evaluation.seed, epoch),
    )
