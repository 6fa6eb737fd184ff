"""The definition of a recipe: every choice that determines the output, from the sources to the benchmarks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain
from operator import attrgetter

from skyassets.core.errors import RecipeError
from skyassets.core.ports import Limits, Model, Sampling
from skyassets.core.sources import Source
from skyassets.core.training.spec import Training
from skyassets.recipes.expected import Expected
from skyassets.recipes.field_types import of_types
from skyassets.recipes.validation import (
    WITH_QUESTION,
    Requirement,
    of_benchmarks,
    of_contenders,
    of_form,
    of_windows,
    sampled,
)
from skyassets.stages.curation.curate import Curation
from skyassets.stages.curation.gates import Gates
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Contender, Evaluation
from skyassets.stages.grading.model_judge import ModelJudge
from skyassets.stages.problems.difficulty import Rating
from skyassets.stages.rewriting.rewrite import ModelRewriting, RuleRewriting
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.prompts import Prompts


@dataclass(frozen=True)
class Recipe:
    """One way to distil a model. A variant is a function that replaces some of these fields."""

    name: str
    description: str
    sources: tuple[Source, ...]
    teacher: Asking
    rewriting: RuleRewriting | ModelRewriting
    limits: Limits
    """Resource limits of a program that is graded."""
    curation: Curation
    student_prompts: Prompts
    """The prompts the student is trained with; the evaluation normally uses the same."""
    training: Training
    benchmarks: tuple[Benchmark, ...]
    evaluation: Evaluation
    contenders: tuple[Contender, ...] = ()
    """Models evaluated next to base and student, with the same prompts, sampling and graders."""
    gates: Gates = field(default_factory=Gates)
    """What the data set must satisfy before training; affects no row."""
    rating: Rating | None = None
    """The model that rates problems of sources with a difficulty range; without it the ranges are not applied."""
    judge: ModelJudge | None = None
    """The model that judges answers against free-text references; without it, they stay unjudged or wrong."""
    budget: float | None = None
    """Dollars that one run may spend on calls; affects no row, so changing it rebuilds nothing."""
    reevaluate_at: str = "0 6 * * 1"
    """When the benchmarks are asked again, as a cron expression; used once the schedule is switched on."""
    expected: Expected | None = None
    """What a whole run is expected to take, for planning without the sources; affects no row."""

    @property
    def models(self) -> dict[str, Model]:
        """The models by role, except the student."""
        models = {"teacher": self.teacher.model, "base": self.training.base}
        if isinstance(self.rewriting, ModelRewriting):
            models["rewriter"] = self.rewriting.model
        if self.rating is not None:
            models["rater"] = self.rating.model
        if self.judge is not None:
            models["judge"] = self.judge.model
        return models | {contender.role: contender.model for contender in self.contenders}

    def sampling_of(self, role: str) -> Sampling:
        """How the model of a role is sampled."""
        asked = {"teacher": self.teacher, "rewriter": self.rewriting, "rater": self.rating, "judge": self.judge}
        sampling = getattr(asked.get(role), "sampling", None)
        return sampling if isinstance(sampling, Sampling) else self.evaluation.sampling


SCHEDULES = ("cosine", "linear", "constant", "constant_with_warmup")
"""Learning rate schedules, by transformers' names."""
SHARED_FOLDERS = ("rows", "models", "logs", "dagster", "batches")
"""Folders in the data folder that a recipe may not use for its tables."""
ABOVE_ZERO = (
    "limits.seconds", "limits.memory_mb", "teacher.samples", "evaluation.samples", "training.epochs",
    "training.global_batch", "training.learning_rate", "training.cutoff",
)  # fmt: skip
NOT_NEGATIVE = ("training.weight_decay", "training.seed")


def check(recipe: Recipe) -> Recipe:
    """Validate `recipe` and return it.

    Raises:
        RecipeError: naming the field, its value and the expected value.
    """
    for is_met, name, value, requirement in chain(of_types(recipe), _requirements(recipe)):
        if not is_met:
            raise RecipeError(f"recipe {recipe.name!r}: {name} = {value!r}; it must be {requirement}")
    return recipe


def _requirements(recipe: Recipe) -> Iterator[Requirement]:
    name, training = recipe.name, recipe.training
    yield name.replace("_", "").replace("-", "").isalnum(), "name", name, "letters, digits, - and _"
    shared = f"none of {', '.join(SHARED_FOLDERS)}, which are folders shared by all recipes"
    yield name not in SHARED_FOLDERS, "name", name, shared
    for path in ABOVE_ZERO:
        value = attrgetter(path)(recipe)
        yield value > 0, path, value, "above 0"
    for path in NOT_NEGATIVE:
        value = attrgetter(path)(recipe)
        yield value >= 0, path, value, "0 or more"
    for path in ("teacher.prompts", "student_prompts", "evaluation.prompts"):
        for domain in ("maths", "code", "puzzle", "science"):
            prompt = attrgetter(f"{path}.{domain}")(recipe)
            yield "{question}" in prompt, f"{path}.{domain}", prompt, WITH_QUESTION
    prompts = {"student_prompts": recipe.student_prompts, "evaluation.prompts": recipe.evaluation.prompts}
    yield from of_form(recipe.curation.form, prompts, recipe.benchmarks)
    for role, model in recipe.models.items():
        yield bool(model.name.strip()), f"the model of {role}", model, "a model with a name"
    yield bool(recipe.sources), "sources", recipe.sources, "at least one source"
    yield recipe.budget is None or recipe.budget >= 0, "budget", recipe.budget, "an amount of dollars"
    yield isinstance(training.epochs, int), "training.epochs", training.epochs, "a whole number"
    yield training.schedule in SCHEDULES, "training.schedule", training.schedule, " or ".join(SCHEDULES)
    warmup = training.warmup_ratio
    yield 0 <= warmup < 1, "training.warmup_ratio", warmup, "0 or more, and below 1"
    lora = training.lora
    yield lora is None or lora.rank > 0, "training.lora", lora, "None, or a rank of 1 or more"
    yield training.precision in ("bf16", "fp32"), "training.precision", training.precision, "bf16 or fp32"
    cutoff = f"training.cutoff, {training.cutoff}, so that every kept example is trained on in full"
    yield recipe.curation.cutoff == training.cutoff, "curation.cutoff", recipe.curation.cutoff, cutoff
    yield sampled("teacher.sampling", recipe.teacher.sampling)
    yield sampled("evaluation.sampling", recipe.evaluation.sampling)
    yield from of_benchmarks(recipe.benchmarks, recipe.evaluation)
    yield from of_windows([*recipe.sources, *(one.source for one in recipe.benchmarks)])
    yield from of_contenders(recipe.contenders)
