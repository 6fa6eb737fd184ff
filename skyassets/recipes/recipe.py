"""The definition of a recipe: every choice that determines the output, from the sources to the benchmarks."""

from dataclasses import dataclass, field

from skyassets.core.errors import RecipeError
from skyassets.core.ports import Limits, Model
from skyassets.core.sources import Source
from skyassets.core.training.spec import Training
from skyassets.recipes.expected import Expected
from skyassets.recipes.validation import of_benchmarks, of_contenders, of_windows
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


SCHEDULES = ("cosine", "linear", "constant", "constant_with_warmup")
"""Learning rate schedules, by transformers' names."""
RESERVED = ("rows", "models", "logs", "dagster", "batches")
"""Folders in the data folder that a recipe may not use for its tables."""


def check(recipe: Recipe) -> Recipe:
    """Validate `recipe` and return it.

    Raises:
        RecipeError: naming the field, its value and the expected value.
    """
    asked = (
        (recipe.name.replace("_", "").replace("-", "").isalnum(), "name", recipe.name, "letters, digits, - and _"),
        (
            recipe.name not in RESERVED,
            "name",
            recipe.name,
            f"none of {', '.join(RESERVED)}, which are folders of all recipes",
        ),
        (recipe.limits.seconds > 0, "limits.seconds", recipe.limits.seconds, "above 0"),
        (recipe.limits.memory_mb > 0, "limits.memory_mb", recipe.limits.memory_mb, "above 0"),
        *(
            (
                "{question}" in getattr(prompts, domain),
                f"{who}.{domain}",
                getattr(prompts, domain),
                "a text with {question} in it",
            )
            for who, prompts in (
                ("teacher.prompts", recipe.teacher.prompts),
                ("student_prompts", recipe.student_prompts),
                ("evaluation.prompts", recipe.evaluation.prompts),
            )
            for domain in ("maths", "code", "puzzle", "science")
        ),
        (bool(recipe.sources), "sources", recipe.sources, "at least one source"),
        (recipe.teacher.samples > 0, "teacher.samples", recipe.teacher.samples, "1 or more"),
        (recipe.evaluation.samples > 0, "evaluation.samples", recipe.evaluation.samples, "1 or more"),
        (recipe.budget is None or recipe.budget >= 0, "budget", recipe.budget, "an amount of dollars"),
        (recipe.training.epochs > 0, "training.epochs", recipe.training.epochs, "1 or more"),
        (recipe.training.global_batch > 0, "training.global_batch", recipe.training.global_batch, "1 or more"),
        (recipe.training.learning_rate > 0, "training.learning_rate", recipe.training.learning_rate, "above 0"),
        (isinstance(recipe.training.epochs, int), "training.epochs", recipe.training.epochs, "a whole number"),
        (recipe.training.schedule in SCHEDULES, "training.schedule", recipe.training.schedule, " or ".join(SCHEDULES)),
        (0 <= recipe.training.warmup_ratio < 1, "training.warmup_ratio", recipe.training.warmup_ratio, "from 0 to 1"),
        (recipe.training.weight_decay >= 0, "training.weight_decay", recipe.training.weight_decay, "0 or more"),
        (recipe.training.seed >= 0, "training.seed", recipe.training.seed, "0 or more"),
        (recipe.training.cutoff > 0, "training.cutoff", recipe.training.cutoff, "1 or more"),
        (
            recipe.training.lora is None or recipe.training.lora.rank > 0,
            "training.lora",
            recipe.training.lora,
            "None, or adapters of rank 1 or more",
        ),
        (
            recipe.training.precision in ("bf16", "fp32"),
            "training.precision",
            recipe.training.precision,
            "bf16 or fp32",
        ),
        (
            recipe.curation.cutoff == recipe.training.cutoff,
            "curation.cutoff",
            recipe.curation.cutoff,
            f"training.cutoff, {recipe.training.cutoff}: an example that is kept must be trained whole",
        ),
        *(
            (sampling.temperature >= 0 and sampling.max_tokens > 0, f"{who}.sampling", sampling, "0 or more, 1 or more")
            for who, sampling in (("teacher", recipe.teacher.sampling), ("evaluation", recipe.evaluation.sampling))
        ),
        *of_benchmarks(recipe.benchmarks, recipe.evaluation),
        *of_windows([*recipe.sources, *(one.source for one in recipe.benchmarks)]),
        *of_contenders(recipe.contenders),
    )
    for fine, name, seen, wanted in asked:
        if not fine:
            raise RecipeError(f"the recipe {recipe.name!r} has {name} = {seen!r}; it must be {wanted}")
    return recipe
