"""A recipe that runs in seconds: the whole pipeline with a fake model, real graders and a real sandbox. For tests."""

from skyassets.core.ports import Limits, Model, Sampling
from skyassets.core.sources import Generated, Source
from skyassets.core.training.spec import Training
from skyassets.recipes.recipe import Recipe
from skyassets.stages.curation.curate import Curation
from skyassets.stages.curation.duplicate_rules import NotInBenchmark, QuestionNew, TraceNew
from skyassets.stages.curation.rules import FitsCutoff, WellFormed, verified
from skyassets.stages.curation.selection import Chosen
from skyassets.stages.deduplication.contamination import Decontamination
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Evaluation
from skyassets.stages.rewriting.rewrite import RuleRewriting
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.prompts import Prompts

TINY = Model("tiny", revision="1")
FAMILIES = ("times", "last_word", "plus")


def smoke() -> Recipe:
    """Twelve problems, two samples each, a student with one parameter."""
    prompts = Prompts(
        system="",
        maths="{question} Put the answer within \\boxed{}.",
        code="{question} {starter_code}",
        puzzle="{question} Put the answer within \\boxed{}.",
        science="{question}",
    )
    return Recipe(
        name="smoke",
        description="The whole pipeline in seconds, with a fake model",
        sources=(Source("smoke", Generated(FAMILIES, per_family=4, seed=1, held_out=False), licence="Apache-2.0"),),
        teacher=Asking(TINY, prompts, Sampling(temperature=0.7, max_tokens=64), samples=2, seed=7),
        rewriting=RuleRewriting(),
        limits=Limits(seconds=5.0),
        curation=Curation(
            (
                *verified(),
                WellFormed(),
                QuestionNew(),
                NotInBenchmark(Decontamination(share=0.8, near=None)),
                TraceNew(),
                FitsCutoff(512),
                Chosen(per_problem=1),
            )
        ),
        student_prompts=prompts,
        training=Training(TINY, epochs=2, learning_rate=1e-3, global_batch=4, cutoff=512, precision="fp32", seed=3),
        benchmarks=(
            Benchmark(
                "held-out",
                Source("smoke held-out", Generated(FAMILIES, per_family=4, seed=2, held_out=True), "Apache-2.0"),
            ),
        ),
        evaluation=Evaluation(prompts, Sampling(temperature=0.0, max_tokens=64), samples=1, seed=11),
    )
