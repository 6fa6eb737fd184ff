"""The problems' assets: a bad problem costs no call, and moving a source rebuilds nothing."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
from assets.pipeline import ALL, ROWS, Outcome, Pipeline

from skyassets.core.sources import HubDataset, Source
from skyassets.core.tables.declarations import PROBLEMS, TRACES

SAMPLES = 2
BENCHMARK = 12


def test_the_teacher_is_not_called_for_a_problem_whose_own_reference_fails(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    code = {"domain": "code", "tests": json.dumps({"fn_name": "f", "inputs": [[1]], "outputs": [2]})}
    programs = [{"question": "Write f.", "solution": "def f(n):\n    return n"}]
    path = tmp_path / "code.jsonl"
    path.write_text("".join(json.dumps(code | row) + "\n" for row in programs))
    broken = Source(
        "code", replace(pipeline.recipe.sources[0].origin, path=str(path)), "CC0-1.0", "code", tests="tests",
        reference="solution",
    )  # fmt: skip
    pipeline.write([*ROWS, {"question": "What is broken?", "answer": "{3"}, {"question": "And this?", "answer": ""}])
    pipeline.recipe = replace(pipeline.recipe, sources=(*pipeline.recipe.sources, broken))
    assert pipeline.run() == Outcome(frozenset(ALL), SAMPLES * len(ROWS) + 2 * BENCHMARK)
    problems = pipeline.store.read(PROBLEMS).filter(pl.col("set_aside").is_not_null()).sort("question")
    assert [str(reason).split(":")[0] for reason in problems["set_aside"]] == [
        "no ground truth",
        "its own reference is judged wrong",
        "its own reference is judged wrong",
    ]
    assert not set(pipeline.store.read(TRACES)["problem_id"]) & set(problems["problem_id"])
    manifest = pipeline.store.manifest(PROBLEMS)
    assert manifest is not None
    assert manifest.metadata["set aside"] == {"its own reference is judged wrong": 2, "no ground truth": 1}
    assert manifest.metadata["references judged correct"] == len(ROWS)


def test_a_hub_folder_that_moved_rebuilds_nothing(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    folder = tmp_path / "hub"
    folder.mkdir()
    pipeline.file.rename(folder / "train.jsonl")
    source = replace(pipeline.recipe.sources[0], origin=HubDataset(str(folder), files=("train.jsonl",)))
    pipeline.recipe = replace(pipeline.recipe, sources=(source,))
    pipeline.run()
    moved = folder.rename(tmp_path / "moved")
    source = replace(source, origin=HubDataset(str(moved), files=("train.jsonl",)))
    pipeline.recipe = replace(pipeline.recipe, sources=(source,))
    assert pipeline.run() == Outcome(frozenset(), 0)
