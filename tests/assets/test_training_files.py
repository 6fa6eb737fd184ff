"""The training files: they load unchanged elsewhere, say what they are, and are made again when they were harmed."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from assets.pipeline import Outcome, Pipeline, copy_of
from tiny_base import tokenizer

from skyassets.core.sources import HubDataset, LocalFile, Source
from skyassets.core.tables.declarations import EXAMPLES
from skyassets.project.sft_files import FOLDER
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.curation.gates import Gates
from skyassets.stages.curation.training_files import INFO_FILE, SHAREGPT
from skyassets.stages.publishing.dataset_card import origin

SYSTEM = "Think first."


@pytest.fixture(scope="module")
def made(pipeline_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """With a system prompt, which is what loaders lose."""
    pipeline = copy_of(pipeline_run_once, tmp_path_factory.mktemp("files") / "pipeline")
    prompts = replace(pipeline.recipe.student_prompts, system=SYSTEM)
    pipeline.recipe = replace(pipeline.recipe, student_prompts=prompts)
    pipeline.run()
    return pipeline


def folder(pipeline: Pipeline) -> Path:
    return pipeline.store.folder / FOLDER


def examples(pipeline: Pipeline) -> pl.DataFrame:
    return kept_examples(pipeline.store.read(EXAMPLES))


def loaded(pipeline: Pipeline, name: str = "default"):  # type: ignore[no-untyped-def]  # a library without types
    os.environ["HF_DATASETS_OFFLINE"] = "1"
    from datasets import load_dataset

    return load_dataset(str(folder(pipeline)), name, split="train", cache_dir=str(pipeline.folder / "cache"))


def test_datasets_loads_the_kept_rows_and_nothing_else(made: Pipeline) -> None:
    rows, wanted = loaded(made), examples(made)
    assert rows["example_id"] == wanted["example_id"].to_list()
    assert rows["messages"] == wanted["messages"].to_list()
    assert rows[0]["messages"][0] == {"role": "system", "content": SYSTEM}
    assert {"source", "licence", "domain", "trace_verdict", "rewrite_reason", "example_tokens"} <= set(
        rows.column_names
    )


def test_datasets_loads_the_sharegpt_form_too(made: Pipeline) -> None:
    rows = loaded(made, SHAREGPT)
    assert rows["conversations"] == examples(made)["conversations"].to_list()
    assert set(rows["system"]) == {SYSTEM}


@pytest.mark.real
def test_trl_tokenises_the_whole_conversation_with_its_system_prompt(made: Pipeline, tmp_path: Path) -> None:
    from transformers import LlamaConfig, LlamaForCausalLM
    from trl import SFTConfig, SFTTrainer

    words = tokenizer()
    shape = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(words), **shape))
    config = SFTConfig(output_dir=str(tmp_path), report_to=[], use_cpu=True, bf16=False, max_length=None)
    rows = loaded(made)
    trainer = SFTTrainer(model=model, args=config, train_dataset=rows, processing_class=words)
    for seen, row in zip(trainer.train_dataset["input_ids"], rows["messages"], strict=True):
        text = words.decode(seen)
        assert all(turn["content"] in text for turn in row)


def test_llama_factory_finds_files_columns_and_tags(made: Pipeline) -> None:
    described = json.loads((folder(made) / INFO_FILE).read_text())
    assert set(described) == {"smoke", "smoke_messages"}
    for each in described.values():
        assert each["formatting"] == "sharegpt"
        rows = pl.read_parquet(folder(made) / each["file_name"])
        tags = each["tags"]
        for turns in rows[each["columns"]["messages"]]:
            roles = [turn[tags["role_tag"]] for turn in turns if turn[tags["role_tag"]] != tags.get("system_tag")]
            assert roles == [tags["user_tag"], tags["assistant_tag"]]
            assert all(turn[tags["content_tag"]] for turn in turns)
        if system := each["columns"].get("system"):
            assert rows[system].null_count() == 0


def test_the_card_accounts_for_every_row(made: Pipeline) -> None:
    text = (folder(made) / "README.md").read_text()
    rows = made.store.read(EXAMPLES)
    assert f"| rewrites | {rows.height} |" in text
    assert f"| kept | {kept_examples(rows).height} |" in text
    assert text.startswith("---\nlicense:\n- apache-2.0\n")
    assert str(made.folder) not in text


def test_the_card_never_tells_a_path() -> None:
    origins = [
        origin(Source("s", where, licence="MIT"))
        for where in (LocalFile("/home/me/x.jsonl"), HubDataset("/data/numina"), HubDataset("./numina"))
    ]
    assert set(origins) == {"files of the maker's own"}
    assert origin(Source("s", HubDataset("a/b", split="train"), "MIT")).startswith("a/b on the Hugging Face hub")


HARM: dict[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "edited by hand": lambda path: path.write_bytes(path.read_bytes() + b" "),
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
@pytest.mark.parametrize("name", ["train.parquet", "sharegpt.parquet", "README.md", INFO_FILE])
def test_harmed_training_files_are_made_again_and_nothing_else(
    pipeline: Pipeline, name: str, harm: Callable[[Path], object]
) -> None:
    before = (folder(pipeline) / name).read_bytes()
    harm(folder(pipeline) / name)
    assert pipeline.run() == Outcome(frozenset({"sft_dataset"}), 0)
    assert (folder(pipeline) / name).read_bytes() == before


def test_a_gate_that_is_broken_stops_the_training(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, gates=Gates(minimum=1000))
    result = pipeline.materialize()
    assert not result.success
    checks = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert not checks["minimum_rows"].passed
    assert checks["minimum_rows"].metadata["at least"].value == 1000
    assert checks["no_duplicates"].passed
    materialized = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events()}
    assert "checkpoint" not in materialized


def test_a_broken_gate_stops_the_training_in_a_run_that_leaves_the_checks_out(pipeline: Pipeline) -> None:
    slower = replace(pipeline.recipe.training, learning_rate=0.5)
    pipeline.recipe = replace(pipeline.recipe, training=slower, gates=Gates(verified=1.1))
    result = pipeline.materialize(only="checkpoint")
    assert not result.success
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "verified_rate" in str(failure.step_failure_data.error)
    pipeline.recipe = replace(pipeline.recipe, gates=Gates())
    assert pipeline.materialize(only="checkpoint").success


def test_a_gate_that_is_only_reported_stops_nothing(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, gates=Gates(minimum=1000, reported=("minimum_rows",)))
    result = pipeline.materialize()
    assert result.success
    assert not {check.check_name: check.passed for check in result.get_asset_check_evaluations()}["minimum_rows"]


def test_a_gate_is_no_reason_to_make_anything_again(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, gates=Gates(formed=0.1))
    assert pipeline.run() == Outcome(frozenset(), 0)
