"""The rebuild matrix: after each kind of change, which assets are rebuilt, and how many calls the server got."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from assets.pipeline import ALL, ROWS, Outcome, Pipeline

from skyassets.core.files import file_digest
from skyassets.core.ports import Limits, Sampling
from skyassets.core.sources import LocalFile
from skyassets.core.tables.declarations import (
    ANSWERS,
    ASSET_TABLES,
    BENCHMARK_PROBLEMS,
    CHECKPOINT,
    EXAMPLES,
    PROBLEMS,
    TRACES,
    Table,
)
from skyassets.engines.serving.vllm_options import VllmOptions
from skyassets.recipes.smoke import TINY
from skyassets.stages.rewriting.rewrite import ModelRewriting, RuleRewriting
from skyassets.stages.training.parallelism import LayoutOverrides

SAMPLES = 2
BENCHMARK = 12
AFTER_PROBLEMS = frozenset(ALL) - {"benchmark_problems"}
AFTER_REWRITES = frozenset(
    {"rewritten_traces", "verdicts", "sft_dataset", "checkpoint", "benchmark_answers", "benchmark_reports"}
)
AFTER_DATASET = frozenset({"checkpoint", "benchmark_answers", "benchmark_reports"})


def test_the_first_run_builds_everything(tmp_path: Path) -> None:
    assert Pipeline(tmp_path).run() == Outcome(frozenset(ALL), SAMPLES * len(ROWS) + 2 * BENCHMARK)


def test_nothing_changed_rebuilds_nothing(pipeline: Pipeline) -> None:
    assert pipeline.run() == Outcome(frozenset(), 0)


def test_one_problem_added_asks_the_teacher_only_for_its_samples(pipeline: Pipeline) -> None:
    pipeline.write([*ROWS, {"question": "What is 83 times 2?", "answer": "166"}])
    assert pipeline.run() == Outcome(AFTER_PROBLEMS, SAMPLES + BENCHMARK)
    assert pipeline.run() == Outcome(frozenset(), 0)


def test_one_problem_edited_asks_the_teacher_only_for_its_samples(pipeline: Pipeline) -> None:
    pipeline.write([*ROWS[:-1], {"question": "What is 71 times 5?", "answer": "355"}])
    assert pipeline.run() == Outcome(AFTER_PROBLEMS, SAMPLES + BENCHMARK)


def test_a_reverted_edit_costs_no_call(pipeline: Pipeline) -> None:
    pipeline.write([*ROWS[:-1], {"question": "What is 71 times 5?", "answer": "355"}])
    pipeline.run()
    pipeline.write(ROWS)
    assert pipeline.run().calls == 0


def test_one_problem_removed_asks_the_teacher_nothing(pipeline: Pipeline) -> None:
    pipeline.write(ROWS[1:])
    outcome = pipeline.run()
    assert outcome.rebuilt == AFTER_PROBLEMS
    assert outcome.calls in (0, BENCHMARK)  # the student is asked again if one of its examples is gone


def test_problems_in_another_order_change_nothing_after_them(pipeline: Pipeline) -> None:
    pipeline.write(reversed(ROWS))
    outcome = pipeline.run()
    assert outcome.calls == 0
    assert "checkpoint" not in outcome.rebuilt


def test_the_teachers_temperature_asks_every_sample_again(pipeline: Pipeline) -> None:
    hotter = replace(pipeline.recipe.teacher, sampling=Sampling(temperature=0.9, max_tokens=64))
    pipeline.recipe = replace(pipeline.recipe, teacher=hotter)
    outcome = pipeline.run()
    assert "teacher_traces" in outcome.rebuilt
    assert not outcome.rebuilt & {"raw_problems", "benchmark_problems"}
    assert outcome.calls in (SAMPLES * len(ROWS), SAMPLES * len(ROWS) + BENCHMARK)


def test_more_samples_ask_only_for_the_new_ones(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, teacher=replace(pipeline.recipe.teacher, samples=SAMPLES + 1))
    assert pipeline.run().calls in (len(ROWS), len(ROWS) + BENCHMARK)


def test_another_rewriting_rule_keeps_the_traces(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, rewriting=RuleRewriting("So it is \\boxed{{answer}}."))
    assert pipeline.run() == Outcome(AFTER_REWRITES, BENCHMARK)


def test_a_changed_rewriter_prompt_repeats_only_the_rewriters_calls(pipeline: Pipeline) -> None:
    rewriting = ModelRewriting(
        TINY,
        "You rewrite.",
        "{question} Structure it: <|begin_of_thought|>. {trace}",
        Sampling(0.7, 64),
        seed=5,
        tries=1,
    )
    pipeline.recipe = replace(pipeline.recipe, rewriting=rewriting)
    pipeline.run()
    assert pipeline.run() == Outcome(frozenset(), 0)
    pipeline.recipe = replace(pipeline.recipe, rewriting=replace(rewriting, system="You rewrite well."))
    outcome = pipeline.run()
    distinct = pipeline.store.read(TRACES).select("problem_id", "text").unique().height
    assert outcome.calls in (distinct, distinct + BENCHMARK)
    assert not outcome.rebuilt & {"raw_problems", "benchmark_problems", "teacher_traces"}


def test_changed_limits_with_the_same_verdicts_rebuild_only_judged_tables(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, limits=Limits(seconds=4.0))
    # The problems too: their own references are judged by it.
    judged = frozenset({"raw_problems", "benchmark_problems", "verdicts", "benchmark_answers"})
    assert pipeline.run() == Outcome(judged, 0)


def test_another_learning_rate_retrains_and_asks_only_the_student(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, training=replace(pipeline.recipe.training, learning_rate=2e-3))
    assert pipeline.run() == Outcome(AFTER_DATASET, BENCHMARK)


def test_an_earlier_learning_rate_reuses_its_weights(pipeline: Pipeline) -> None:
    first = pipeline.recipe
    weights = pipeline.store.folder / "weights"
    (weights_file,) = weights.glob("*/tiny.json")
    written = weights_file.stat().st_mtime_ns
    pipeline.recipe = replace(first, training=replace(first.training, learning_rate=2e-3))
    pipeline.run()
    assert len(list(weights.glob("*/tiny.json"))) == 2
    pipeline.recipe = first
    assert pipeline.run() == Outcome(AFTER_DATASET, 0)
    assert weights_file.stat().st_mtime_ns == written


def test_the_weights_folder_has_a_card_with_the_scores(pipeline: Pipeline) -> None:
    (card,) = (pipeline.store.folder / "weights").glob("*/README.md")
    text = card.read_text()
    assert "strict" in text
    assert pipeline.store.data_version(EXAMPLES) in text
    card.unlink()  # its loss does not affect the weights
    assert pipeline.run() == Outcome(frozenset(), 0)


def test_the_manifest_says_what_made_the_weights(pipeline: Pipeline) -> None:
    rows = pipeline.store.read(CHECKPOINT).filter(pl.col("kind") == "fact")
    entries = {row["entry"]: json.loads(row["fact"]) for row in rows.iter_rows(named=True)}
    assert entries["fact:data version"] == pipeline.store.data_version(EXAMPLES)
    assert entries["fact:training"]["learning_rate"] == pipeline.recipe.training.learning_rate
    assert {"layout", "memory", "argv", "files"} <= entries["fact:plan"].keys()
    assert (pipeline.store.folder / "weights" / entries["fact:run"] / "tiny.json").is_file()


def test_the_benchmarks_prompt_asks_base_and_student_again(pipeline: Pipeline) -> None:
    prompts = replace(pipeline.recipe.evaluation.prompts, system="Think first.")
    pipeline.recipe = replace(pipeline.recipe, evaluation=replace(pipeline.recipe.evaluation, prompts=prompts))
    assert pipeline.run() == Outcome(frozenset({"benchmark_answers", "benchmark_reports"}), 2 * BENCHMARK)


def test_a_new_epoch_asks_base_and_student_again_once(pipeline: Pipeline) -> None:
    tags = {"skyassets/epoch": "2026-01-05"}
    asked_again = Outcome(frozenset({"benchmark_answers", "benchmark_reports"}), 2 * BENCHMARK)
    assert pipeline.run(tags) == asked_again
    assert pipeline.run(tags) == Outcome(frozenset(), 0)
    assert pipeline.run() == Outcome(frozenset(), 0)


HARM: dict[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-9]),
    "edited by hand": lambda path: pl.read_parquet(path).head(1).write_parquet(path),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
@pytest.mark.parametrize("table", ASSET_TABLES, ids=lambda table: table.name)
def test_a_damaged_table_alone_is_rebuilt_without_a_call(
    pipeline: Pipeline, table: Table, harm: Callable[[Path], object]
) -> None:
    version = pipeline.store.data_version(table)
    harm(pipeline.store.path(table))
    assert pipeline.run() == Outcome(frozenset({table.name}), 0)
    assert pipeline.store.data_version(table) == version


@pytest.mark.parametrize("harm", [HARM["deleted"], HARM["truncated"]], ids=["deleted", "truncated"])
def test_damaged_weights_are_trained_again(pipeline: Pipeline, harm: Callable[[Path], object]) -> None:
    harm(next((pipeline.store.folder / "weights").glob("*/tiny.json")))
    assert pipeline.run() == Outcome(frozenset({"checkpoint"}), 0)


def test_damaged_weights_are_not_reused_when_their_table_is_missing_too(pipeline: Pipeline) -> None:
    version = pipeline.store.data_version(CHECKPOINT)
    pipeline.store.path(CHECKPOINT).unlink()
    weights = next((pipeline.store.folder / "weights").glob("*/tiny.json"))
    weights.write_text(weights.read_text().replace("0.", "0.0"))
    assert pipeline.run() == Outcome(frozenset({"checkpoint"}), 0)
    assert pipeline.store.data_version(CHECKPOINT) == version


def test_a_file_of_problems_that_moved_rebuilds_nothing(pipeline: Pipeline) -> None:
    moved = pipeline.file.rename(pipeline.folder / "moved.jsonl")
    source = replace(pipeline.recipe.sources[0], origin=LocalFile(str(moved)))
    pipeline.recipe = replace(pipeline.recipe, sources=(source,))
    assert pipeline.run() == Outcome(frozenset(), 0)


def test_a_held_out_question_among_the_examples_stops_the_training(pipeline: Pipeline) -> None:
    problem_id = pipeline.store.read(EXAMPLES).filter(pl.col("dropped_by").is_null())["problem_id"][0]
    question = pipeline.store.read(PROBLEMS).filter(pl.col("problem_id") == problem_id)["question"][0]
    # The file and its digest agree, so that nothing looks changed to the pipeline.
    leaked = pipeline.store.read(BENCHMARK_PROBLEMS).with_columns(question=pl.lit(question))
    leaked.write_parquet(pipeline.store.path(BENCHMARK_PROBLEMS))
    manifest = pipeline.store.manifest(BENCHMARK_PROBLEMS)
    assert manifest is not None
    digest = file_digest(pipeline.store.path(BENCHMARK_PROBLEMS))
    replace(manifest, file_digest=digest).write(pipeline.store.folder / "benchmark_problems.manifest.json")
    result = pipeline.materialize()
    assert not result.success
    checks = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert checks["held_out_is_apart"] is False
    materialized = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert "sft_dataset" in materialized
    assert "checkpoint" not in materialized


def test_deployment_settings_rebuild_nothing(pipeline: Pipeline) -> None:
    pipeline.deployment = replace(
        pipeline.deployment,
        concurrency=1,
        workers=7,
        overrides=LayoutOverrides(ranks=4, zero_stage=3),
        vllm=VllmOptions(replicas=2, tensor_parallel=8, dtype="float16"),
        engine="transformers",
        urls={"teacher": ("http://127.0.0.1:9/v1",), "base": ("http://127.0.0.1:9/v1",)},
        keys={"teacher": ("secret",)},
    )
    assert pipeline.run() == Outcome(frozenset(), 0)


def test_two_recipes_share_their_calls(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, name="another")
    assert pipeline.run() == Outcome(frozenset(ALL), 0)


def test_every_row_is_accounted_for(pipeline: Pipeline) -> None:
    traces, examples = pipeline.store.read(TRACES), pipeline.store.read(EXAMPLES)
    assert traces.height == SAMPLES * len(ROWS)
    assert set(examples["trace_id"]) == set(traces["trace_id"])
    assert examples.filter(pl.col("dropped_by").is_null() == pl.col("messages").is_null()).is_empty()
    assert pipeline.store.read(ANSWERS).height == 2 * BENCHMARK
    assert pipeline.store.read(CHECKPOINT).filter(pl.col("kind") == "step").height > 0
