"""`skyassets plan`, typed as a user does: without a GPU, without a network, and with nothing made yet."""

import json
from pathlib import Path

import polars as pl
import pytest
from shell import Shell

OFFLINE = {"HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", "COLUMNS": "80"}


def plan(folder: Path, *words: str, recipe: str = "sky_t1_preview") -> tuple[int, str]:
    done = Shell(folder, recipe).run("skyassets", "plan", *words, **OFFLINE)
    return done.returncode, done.stdout


def test_the_published_training_is_planned_on_8_h100_with_every_assumption(tmp_path: Path) -> None:
    code, output = plan(tmp_path, "--on", "8xH100-80GB")
    assert code == 0
    for words in (
        "Qwen/Qwen2.5-32B-Instruct@main, 32.76 billion parameters",
        "> ZeRO-3 recompute",
        "a third more operations for recomputed activations",
        "$2.99 per device and hour, Lambda's on-demand price of 8 cards, January 2025",
        "published: 19 hours and $450",
        "teacher: QwQ-32B-Preview",
        "rewriter: gpt-4o-mini",
        "assumed: 4,500 tokens an example",
    ):
        assert words in output
    assert "…" not in output, "a column is cut"


def test_json_holds_every_layout_and_the_files_of_the_chosen_one(tmp_path: Path) -> None:
    code, output = plan(tmp_path, "--on", "8xH100-80GB", "--zero", "3", "--json")
    data = json.loads(output)
    fits = {each["layout"]["offload"]: each["fits"] for each in data["layouts"] if each["layout"]["recompute"]}
    assert code == 0
    assert fits == {"none": False, "optimizer": True, "all": True}
    assert data["plan"]["steps"] == 513
    assert json.loads(data["plan"]["files"]["deepspeed.json"])["zero_optimization"]["stage"] == 3
    assert data["published"]["planned_hours"] == pytest.approx(19, rel=0.25)
    assert data["published"]["planned_dollars"] == pytest.approx(450, rel=0.25)
    assert {line["role"] for line in data["pipeline"]} == {"rater", "teacher", "rewriter", "base", "student"}


def test_a_layout_that_does_not_fit_is_refused_with_one_that_does(tmp_path: Path) -> None:
    code, output = plan(tmp_path, "--on", "8xH100-80GB", "--offload", "none")
    assert code == 1
    assert "does not fit on 8 x H100-80GB" in output
    assert "What would fit: offload (ZeRO-3, offload optimizer" in output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--on", "8xH900"), "'8xH900' is not known hardware"),
        (("--on", "cpu-64GB", "--loss", "liger"), "liger on a CPU; needs a GPU"),
        (("--rows", "0"), "must be a whole number from 1"),
        (("--offload", "some"), "invalid choice: 'some'"),
        (("--price", "much"), "--price"),
    ],
)
def test_a_wrong_option_exits_with_2_and_a_message(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    code, output = plan(tmp_path, *words)
    assert code == 2
    assert message in " ".join(output.split())


def test_without_a_gpu_the_plan_is_for_the_processor(tmp_path: Path) -> None:
    code, output = plan(tmp_path, "--rows", "100", "--tokens", "40", "--files", recipe="smoke")
    assert code == 0
    for words in (
        "hardware: 1 x cpu",
        "the speed of cpu is unknown",
        "deepspeed.json",
        "skyassets.engines.training.worker",
    ):
        assert words in output


def test_a_recipe_without_expectations_asks_for_the_number_of_examples(tmp_path: Path) -> None:
    code, output = plan(tmp_path, recipe="smoke")
    assert code == 2
    assert "--rows 5000 --tokens 1200" in " ".join(output.split())


def test_packing_adapters_and_another_price_are_options(tmp_path: Path) -> None:
    options = ("--on", "8xH100-80GB", "--packing", "--lora", "16", "--price", "10", "--json")
    data = json.loads(plan(tmp_path, *options)[1])["plan"]
    assert data["training"]["packing"]
    assert data["training"]["lora"]["rank"] == 16
    assert data["dollars"] == pytest.approx(data["hours"] * 80)


def test_an_existing_data_set_is_planned_for(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    done = shell.run("dagster", "asset", "materialize", "--select", "*sft_dataset", CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stdout
    rows = pl.read_parquet(shell.data / "smoke" / "sft_dataset.parquet").filter(pl.col("dropped_by").is_null())
    code, output = plan(tmp_path, "--json", recipe="smoke")
    data = json.loads(output)
    assert code == 0
    assert f"the {rows.height} kept rows of sft_dataset" in data["data"]
    assert data["plan"]["examples"] == rows.height
    assert data["plan"]["tokens"] == 2 * rows["example_tokens"].sum()
    assert data["plan"]["learned_tokens"] == 2 * rows["learned_tokens"].sum()
