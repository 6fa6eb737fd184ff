"""The published recipe carries the published numbers."""

from skyassets.core.sources import HubDataset
from skyassets.recipes.registry import find_recipe
from skyassets.stages.rewriting.rewrite import ModelRewriting

RECIPE = find_recipe("sky_t1_preview")


def test_teacher_rewriter_and_student_are_the_published_ones() -> None:
    assert RECIPE.teacher.model.name == "Qwen/QwQ-32B-Preview"
    assert RECIPE.training.base.name == "Qwen/Qwen2.5-32B-Instruct"
    assert isinstance(RECIPE.rewriting, ModelRewriting)
    assert RECIPE.rewriting.model.name == "gpt-4o-mini"


def test_sampling_and_rewriting_are_the_published_ones() -> None:
    assert (RECIPE.teacher.samples, RECIPE.teacher.sampling.max_tokens) == (1, 16_384)
    assert isinstance(RECIPE.rewriting, ModelRewriting)
    assert (RECIPE.rewriting.sampling.temperature, RECIPE.rewriting.sampling.max_tokens) == (0.7, 16_384)


def test_the_schedule_of_the_training_is_the_published_one() -> None:
    training = RECIPE.training
    assert (training.epochs, training.learning_rate, training.schedule, training.warmup_ratio) == (
        3,
        1e-5,
        "cosine",
        0.1,
    )
    assert (training.global_batch, training.cutoff, training.precision, training.lora) == (96, 16_384, "bf16", None)


def test_the_sources_are_the_published_selection() -> None:
    sources = {source.name: source for source in RECIPE.sources}
    assert {name: sources[f"numina-{name}"].difficulty for name in ("math", "amc_aime", "olympiads")} == {
        "math": (4, 9),
        "amc_aime": (1, 9),
        "olympiads": (9, 9),
    }
    assert sources["numina-olympiads"].first == 20_000
    assert sources["taco-test"].first == 1_000
    assert all(isinstance(source.origin, HubDataset) for source in RECIPE.sources)


def test_every_published_benchmark_is_declared() -> None:
    assert {benchmark.name for benchmark in RECIPE.benchmarks} == {
        "MATH500", "AIME 2024", "LiveCodeBench", "GPQA-Diamond", "OlympiadBench (maths, EN)", "GSM8K", "AMC23",
    }  # fmt: skip


def test_the_problems_of_sources_with_a_range_are_rated_by_the_published_model() -> None:
    assert RECIPE.rating is not None
    assert RECIPE.rating.model.name == "gpt-4o-mini"
    assert "{question}" in RECIPE.rating.prompt


def test_every_code_set_says_how_its_tests_are_laid_out_and_is_pinned() -> None:
    code = {source.name: source for source in RECIPE.sources if source.domain == "code"}
    code |= {one.name: one.source for one in RECIPE.benchmarks if one.source.domain == "code"}
    assert {name: source.layout for name, source in code.items()} == {
        "apps": "apps",
        "taco-train": "taco",
        "taco-test": "taco",
        "LiveCodeBench": "livecodebench",
    }
    for source in code.values():
        assert isinstance(source.origin, HubDataset)
        assert source.origin.files, "its loading script is run by nobody any more"
        assert source.origin.revision != "main"
