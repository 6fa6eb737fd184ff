"""The names for writing a recipe: `from skyassets.recipe import Recipe, Source, ...`.

Import only from here in your own recipes: the modules that define the names may change between releases.
"""

from skyassets.core.conditions import GreaterThan, LessThan, NotEqual, OneOf
from skyassets.core.ports import Limits, Model, Sampling
from skyassets.core.sources import Generated, HubDataset, LocalFile, Source, Window
from skyassets.core.training.spec import Lora, Training
from skyassets.recipes.benchmarks import (
    aime_2024,
    aime_2025,
    amc23,
    gpqa_diamond,
    gsm8k,
    humaneval,
    livecodebench,
    math500,
    mbpp,
    mmlu,
    mmlu_pro,
    olympiadbench,
)
from skyassets.recipes.embedded import embedded
from skyassets.recipes.expected import Calls, Expected, PublishedRun
from skyassets.recipes.recipe import Recipe
from skyassets.recipes.sky_t1_preview import sky_t1_preview
from skyassets.recipes.sky_t1_train_splits import sky_t1_train_splits
from skyassets.recipes.smoke import smoke
from skyassets.stages.curation.curate import Curation
from skyassets.stages.curation.duplicate_rules import NotInBenchmark, QuestionNew, QuestionUnlike, TraceNew
from skyassets.stages.curation.gates import Bounds, Gates
from skyassets.stages.curation.reasoning import HasReasoning
from skyassets.stages.curation.rules import (
    DifficultyWithin,
    FitsCutoff,
    LicenceAllowed,
    NoLoops,
    OneLanguage,
    RewriteCorrect,
    RewriteMade,
    TraceCorrect,
    TraceFinished,
    WellFormed,
    verified,
)
from skyassets.stages.curation.selection import Cap, Chosen, Group, InMixture, Order, Share, WithinCaps
from skyassets.stages.curation.student_form import Hybrid, Marks, StudentForm
from skyassets.stages.deduplication.contamination import Decontamination
from skyassets.stages.deduplication.near_duplicates import NearDuplicates
from skyassets.stages.equivalence.scorers import scored
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Contender, Evaluation
from skyassets.stages.grading.model_judge import ModelJudge
from skyassets.stages.problems.difficulty import Rating
from skyassets.stages.rewriting.rewrite import ModelRewriting, RuleRewriting
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.length_policy import DROP, KEEP, LengthPolicy
from skyassets.stages.sampling.prompts import Prompts

Published = PublishedRun
"""The former name of `PublishedRun`."""

__all__ = [
    "DROP", "KEEP", "Asking", "Benchmark", "Bounds", "Calls", "Cap", "Chosen", "Contender", "Curation",
    "Decontamination", "DifficultyWithin", "Evaluation", "Expected", "FitsCutoff", "Gates", "Generated", "GreaterThan",
    "Group", "HasReasoning", "HubDataset", "Hybrid", "InMixture", "LengthPolicy", "LessThan", "LicenceAllowed",
    "Limits", "LocalFile", "Lora", "Marks", "Model", "ModelJudge", "ModelRewriting", "NearDuplicates", "NoLoops",
    "NotEqual", "NotInBenchmark", "OneLanguage", "OneOf", "Order", "Prompts", "Published", "PublishedRun",
    "QuestionNew", "QuestionUnlike", "Rating", "Recipe", "RewriteCorrect", "RewriteMade", "RuleRewriting", "Sampling",
    "Share", "Source", "StudentForm", "TraceCorrect", "TraceFinished", "TraceNew", "Training", "WellFormed", "Window",
    "WithinCaps", "aime_2024", "aime_2025", "amc23", "embedded", "gpqa_diamond", "gsm8k", "humaneval", "livecodebench",
    "math500", "mbpp", "mmlu", "mmlu_pro", "olympiadbench", "scored", "sky_t1_preview", "sky_t1_train_splits", "smoke",
    "verified",
]  # fmt: skip
