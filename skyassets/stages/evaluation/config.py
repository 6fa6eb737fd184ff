"""How models are measured: the same prompts, sampling and samples for everyone, whoever is asked."""

from dataclasses import dataclass, replace
from typing import ClassVar

from skyassets.core.identity import digest
from skyassets.core.ports import Model, Sampling
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.prompts import Prompts


@dataclass(frozen=True)
class Evaluation:
    """How the benchmarks are asked; the same for everyone who is measured."""

    identity_name: ClassVar[str] = "Evaluation"
    prompts: Prompts
    sampling: Sampling
    samples: int
    seed: int


@dataclass(frozen=True)
class Contender:
    """A further model that a recipe measures beside base and student: the teacher, or one behind an endpoint."""

    identity_name: ClassVar[str] = "Contender"
    role: str
    """What it is called in tables, reports and settings (SKYASSETS_<ROLE>_URL): lower-case letters, digits and _."""
    model: Model


def epoch_seed(seed: int, epoch: str) -> int:
    """The seed of a re-evaluation: another one for every epoch, the recipe's own for the first (empty) one."""
    return int(digest(seed, epoch)[:7], 16) if epoch else seed


def asking_of(benchmark: Benchmark, evaluation: Evaluation, model: Model, epoch: str) -> Asking:
    """How `model` is asked `benchmark`: as the benchmark says, and where it says nothing as the evaluation does.

    Whose model it is has no say in it.
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
