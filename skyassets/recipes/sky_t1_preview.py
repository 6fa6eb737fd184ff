"""The recipe of Sky-T1-32B-Preview (NovaSky, January 2025), with every parameter that was published.

The prompts paraphrase the published ones. Where the publication contradicts itself, a comment at the value states the
choice. The difficulty ratings used to filter the sources are not part of the data sets, so the problems are rated
here; `first` counts a source's rows before rating.
"""

from dataclasses import replace

from skyassets.core.ports import Limits, Model, Sampling
from skyassets.core.sources import HubDataset, Source
from skyassets.core.training.spec import Training
from skyassets.recipes.benchmarks import (
    aime_2024,
    amc23,
    gpqa_diamond,
    gsm8k,
    livecodebench,
    math500,
    olympiadbench,
)
from skyassets.recipes.benchmarks.pass_at_k import LETTER
from skyassets.recipes.expected import Calls, Expected, PublishedRun
from skyassets.recipes.recipe import Recipe
from skyassets.stages.curation.curate import Curation
from skyassets.stages.curation.duplicate_rules import NotInBenchmark, QuestionNew, QuestionUnlike, TraceNew
from skyassets.stages.curation.gates import Bounds, Gates
from skyassets.stages.curation.rules import FitsCutoff, WellFormed, verified
from skyassets.stages.curation.selection import Cap, Chosen, Group, WithinCaps
from skyassets.stages.deduplication.contamination import Decontamination
from skyassets.stages.evaluation.config import Evaluation
from skyassets.stages.problems.difficulty import Rating
from skyassets.stages.rewriting.rewrite import ModelRewriting
from skyassets.stages.sampling.config import Asking
from skyassets.stages.sampling.prompts import Prompts

PROGRAMS, MATHEMATICS = Group("domain", ("code",)), Group("domain", ("maths",))
OTHERS = Group("domain", ("science", "puzzle"))
"""The published mixture: 5,000 rows of code, 10,000 of mathematics, 1,000 of science and puzzles."""

MATHS = "{question}\n\nReason step by step, and put your final answer within \\boxed{}."
CODE = (
    "Write an executable Python function or program that solves the problem below. If it reads its input from "
    "standard input, read all of it there and print the result; if a function is given to start from, complete that "
    "function. Put the final program in one ```python block.\n\n{question}\n\n{starter_code}"
)

TEACHER_SYSTEM = (
    "You are a helpful and harmless assistant. You are Qwen developed by Alibaba. You should think step-by-step."
)
STUDENT_SYSTEM = (
    "Solve each question by a long and careful process of thought before you give a precise final solution: analyse, "
    "summarise, explore, reassess, reflect, go back and try again until the reasoning holds. Answer in two parts. "
    "First the thought, in steps separated by blank lines, between <|begin_of_thought|> and <|end_of_thought|>: take "
    "the question apart, gather what is known, try new ideas, check each step, correct what was wrong. Then the "
    "solution that follows from it, complete, exact and self-contained, between <|begin_of_solution|> and "
    "<|end_of_solution|>."
)
REWRITER_SYSTEM = "You rewrite solutions into a fixed structure, almost word for word, and change nothing in them."
REWRITER_PROMPT = (
    "Below are a question and somebody's attempt at it. Put the attempt into this structure:\n\n"
    "<|begin_of_thought|>\n\nthe whole train of thought, almost word for word, its steps separated by blank lines\n\n"
    "<|end_of_thought|>\n\n<|begin_of_solution|>\n\nthe solution the attempt arrives at, with its final answer in "
    "\\boxed{}; if it is a program, as exactly one ```python block\n\n<|end_of_solution|>\n\n"
    "Do not solve the question yourself and do not correct the attempt.\n\nQuestion:\n{question}\n\nAttempt:\n{trace}"
)
RATER_SYSTEM = (
    "You rate how hard a mathematical problem is, on the scale from 1 to 10 that the Art of Problem Solving community "
    "uses for contests. 1: the easy half of a middle-school contest; routine once the words are clear. 2: the hard "
    "end of middle-school contests, the first third of a high-school multiple-choice contest. 3: the last questions of "
    "the AMC 10, the middle of the AMC 12, the opening of the AIME; some insight is needed. 4: the last questions of "
    "the AMC 12, the first half of the AIME. 5: the middle of the AIME; easy proofs of junior olympiads. 6: the last "
    "questions of the AIME; the easiest problems of a national olympiad. 7: the usual problems of a national olympiad, "
    "the first of an IMO day. 8: hard problems of a national olympiad, the second of an IMO day. 9: the last problem "
    "of an IMO day, solved by few contestants. 10: beyond that; hardly anybody solves it within a contest."
)
RATER_PROMPT = "Problem:\n{question}\n\nHow hard is it? Reply with one whole number from 1 to 10 and nothing else."
RATED = 7_477 + 4_070 + 20_000
"""NuminaMath problems before they are rated."""
ASKED = 7_477 + 4_070 + 1_200 + 5_000 + 3_244 + 1_000
"""Problems of all sources that the teacher is asked; 1,200 olympiad problems are assumed to be of grade 9."""
MEASURED = 500 + 30 * 16 + 1_319 + 40 * 16 + 674 + 198 * 4 + 511
"""Answers to MATH500, AIME 2024, GSM8K, AMC23, OlympiadBench, GPQA-Diamond, and release 2 of LiveCodeBench."""
EXPECTED = Expected(
    rows=16_401,
    row_tokens=4_500,
    calls=(
        Calls("raw_problems", "rater", RATED, prompt=500, completion=2),
        Calls("teacher_traces", "teacher", ASKED, prompt=350, completion=4_000),
        Calls("rewritten_traces", "rewriter", ASKED, prompt=4_550, completion=4_000),
        Calls("benchmark_answers", "base", MEASURED, prompt=350, completion=700),
        Calls("benchmark_answers", "student", MEASURED, prompt=350, completion=3_500),
    ),
    tokens_per_second=1_200,
    source="published: 16,401 rows in the file, 19 hours on 8 H100, $450, and the counts of the sources; assumed: "
    "4,500 tokens an example, log-normal, the lengths of calls, and 1,200 tokens per second and GPU in vLLM",
    published=PublishedRun(hours=19.0, dollars=450.0, hardware="8xH100-80GB", offload="all"),
)


def sky_t1_preview() -> Recipe:
    """Sky-T1-32B-Preview: QwQ-32B-Preview teaches, gpt-4o-mini rewrites, Qwen2.5-32B-Instruct learns."""
    prompts = Prompts(system=TEACHER_SYSTEM, maths=MATHS, code=CODE, puzzle=MATHS, science=LETTER)
    # The science problems for training (STILL-2) do not ask for a letter; those for evaluation (GPQA) do.
    student = Prompts(system=STUDENT_SYSTEM, maths=MATHS, code=CODE, puzzle=MATHS, science=MATHS)
    measured = replace(student, science=LETTER)
    return Recipe(
        name="sky_t1_preview",
        description="Sky-T1-32B-Preview as published: 17k examples, 3 epochs, 8 x H100",
        sources=(
            _numina("math", difficulty=(4, 9)),
            _numina("amc_aime", difficulty=(1, 9)),
            _numina("olympiads", difficulty=(9, 9), first=20_000),
            apps("test"),
            TACO_TRAIN,
            _code("taco-test", "taco", _taco("test/data-*.arrow"), first=1_000),
            *(_still_2(subject) for subject in ("physics", "chemistry", "biology", "puzzle")),
        ),
        teacher=Asking(
            model=Model("Qwen/QwQ-32B-Preview", revision="main"),
            prompts=prompts,
            # The published commands use temperature 0, the converters 0.7; at 0 a second sample would equal the first.
            sampling=Sampling(temperature=0.7, max_tokens=16_384),
            samples=1,
            seed=0,
        ),
        rewriting=ModelRewriting(
            model=Model("gpt-4o-mini", revision="2024-07-18"),
            system=REWRITER_SYSTEM,
            prompt=REWRITER_PROMPT,
            sampling=Sampling(temperature=0.7, max_tokens=16_384),
            seed=0,
        ),
        rating=Rating(
            model=Model("gpt-4o-mini", revision="2024-07-18"),
            system=RATER_SYSTEM,
            prompt=RATER_PROMPT,
            sampling=Sampling(temperature=0.0, max_tokens=16),
            seed=0,
        ),
        limits=Limits(seconds=10.0, memory_mb=1024),
        curation=Curation(
            (
                # The exception to "unjudged is never trained on": STILL-2's traces come without references, and were
                # published as part of the set.
                *verified(trust_imported=True),
                WellFormed(),
                QuestionNew(),
                QuestionUnlike(),
                NotInBenchmark(Decontamination(ngram=5, share=0.5)),
                TraceNew(),
                FitsCutoff(16_384),
                Chosen(per_problem=1),
                WithinCaps((Cap(5_000, PROGRAMS), Cap(10_000, MATHEMATICS), Cap(1_000, OTHERS)), seed=42),
            )
        ),
        gates=Gates(
            minimum=1_000,
            verified=0.9,
            formed=0.5,
            finished=0.5,
            mixture=(
                Bounds(PROGRAMS, 0.15, 0.5),
                Bounds(MATHEMATICS, 0.45, 0.8),
                Bounds(OTHERS, 0.01, 0.15),
            ),
        ),
        student_prompts=student,
        training=Training(
            base=Model("Qwen/Qwen2.5-32B-Instruct", revision="main"),
            epochs=3,
            learning_rate=1e-5,
            global_batch=96,
            cutoff=16_384,
            precision="bf16",
            seed=42,
        ),
        # Published were single samples at temperature 0, with scores of AIME and GPQA that could not be reproduced: the
        # small sets are sampled several times, as their declarations state, the others as published.
        benchmarks=(
            math500(),
            aime_2024(),
            gsm8k(),
            amc23(),
            olympiadbench(),
            gpqa_diamond(),
            livecodebench("release_v2"),
        ),
        evaluation=Evaluation(
            prompts=measured, sampling=Sampling(temperature=0.0, max_tokens=16_384), samples=1, seed=0
        ),
        expected=EXPECTED,
    )


def _numina(subset: str, difficulty: tuple[float, float], first: int | None = None) -> Source:
    return Source(
        name=f"numina-{subset}",
        origin=HubDataset("AI-MO/NuminaMath-CoT", split="train"),
        licence="Apache-2.0",
        question="problem",
        boxed_in="solution",
        family="source",
        where=(("source", subset),),
        first=first,
        difficulty=difficulty,
    )


def _code(
    name: str,
    layout: str,
    origin: HubDataset,
    licence: str = "Apache-2.0",
    where: tuple[tuple[str, str], ...] = (),
    first: int | None = None,
) -> Source:
    return Source(
        name=name,
        origin=origin,
        licence=licence,
        domain="code",
        layout=layout,
        starter_code="starter_code",
        family="difficulty",
        level="difficulty",
        where=where,
        first=first,
    )


def _taco(files: str) -> HubDataset:
    return HubDataset("BAAI/TACO", revision="fc626850cb2d0a4fe1b521706f94bf2582f58931", files=(files,))


def apps(split: str) -> Source:
    """One of the two splits of APPS."""
    revision = "21e74ddf8de1a21436da12e3e653065c5213e9d1"
    origin = HubDataset("codeparrot/apps", revision=revision, files=(f"{split}.jsonl",))
    return _code("apps", "apps", origin, licence="MIT")


# The code sets with loading scripts are read file by file, because no library runs these scripts any more. TACO's train
# split was converted to Parquet; its test split was corrected later, only in the original format.
TACO_TRAIN = _code("taco-train", "taco", _taco("ALL/train-*.parquet"), where=(("difficulty", "MEDIUM"),))


def _still_2(subject: str) -> Source:
    """Ready-made traces. They come without a ground truth, so they cannot be graded and are trusted."""
    return Source(
        name=f"still-2-{subject}",
        origin=HubDataset("RUC-AIBOX/long_form_thought_data_5k", split="train"),
        licence="Apache-2.0",
        domain="puzzle" if subject == "puzzle" else "science",
        trace="combined_text",
        family="domain",
        where=(("domain", subject),),
    )
