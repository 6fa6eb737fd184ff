"""A recipe that trains on benchmark questions: it must report the gate, and the report separates both parts."""

import json
from dataclasses import replace
from pathlib import Path

import dagster as dg
import polars as pl
import pytest
from assets.pipeline import ROWS, Pipeline

from skyassets.core.sources import LocalFile
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, CHECKPOINT, EXAMPLES, PROBLEMS, REPORTS
from skyassets.stages.curation.duplicate_rules import NotInBenchmark
from skyassets.stages.curation.examples import kept_examples
from skyassets.stages.curation.gates import HELD_OUT, Gates

UNSEEN = [
    {"question": f"Which number follows after {deployment}{deployment}?", "answer": f"{deployment}{deployment + 1}"}
    for deployment in range(1, 4)
]


@pytest.fixture
def leaky(tmp_path: Path) -> Pipeline:
    """Measured with the questions that it trains on, one of them twice, and with others; no rule separates them."""
    pipeline = Pipeline(tmp_path)
    items = tmp_path / "items.jsonl"
    items.write_text("".join(json.dumps(row) + "\n" for row in [*ROWS, ROWS[0], *UNSEEN]))
    (benchmark,) = pipeline.recipe.benchmarks
    source = replace(pipeline.recipe.sources[0], name="theirs", origin=LocalFile(str(items)))
    rules = tuple(rule for rule in pipeline.recipe.curation.rules if not isinstance(rule, NotInBenchmark))
    pipeline.recipe = replace(
        pipeline.recipe,
        curation=replace(pipeline.recipe.curation, rules=rules),
        benchmarks=(replace(benchmark, source=source),),
    )
    return pipeline


def apart_of(result: dg.ExecuteInProcessResult) -> dg.AssetCheckEvaluation:
    (evaluation,) = [check for check in result.get_asset_check_evaluations() if check.check_name == HELD_OUT]
    return evaluation


def test_nothing_is_trained_unless_the_recipe_reports_the_gate(leaky: Pipeline) -> None:
    result = leaky.materialize()
    assert not result.success
    assert (apart_of(result).passed, apart_of(result).blocking) == (False, True)
    assert leaky.store.manifest(CHECKPOINT) is None
    (failed,) = [event for event in leaky.materialize(only=CHECKPOINT.name).all_events if event.is_step_failure]
    assert f"GateError: checkpoint: not trained, because the data set fails gates of the recipe: {HELD_OUT}" in (
        str(failed.step_failure_data.error)
    )


def test_with_the_gate_reported_clean_and_contaminated_items_are_scored_separately(leaky: Pipeline) -> None:
    leaky.recipe = replace(leaky.recipe, gates=Gates(reported=(HELD_OUT,)))
    result = leaky.materialize()
    assert result.success
    evaluation = apart_of(result)
    assert (evaluation.passed, evaluation.blocking, evaluation.severity) == (False, False, dg.AssetCheckSeverity.WARN)
    examples = kept_examples(leaky.store.read(EXAMPLES))
    learned = examples.join(leaky.store.read(PROBLEMS), on="problem_id")["question"].unique()
    assert 0 < learned.len() <= len(ROWS)
    rows = leaky.store.read(REPORTS).filter(
        pl.col("by") == "training set", pl.col("role") == "student", pl.col("metric") == "strict accuracy"
    )
    counted = {part: n + unjudged for part, n, unjudged in rows.select("part", "n", "unjudged").iter_rows()}
    items = len(ROWS) + len(UNSEEN)
    assert counted == {"contaminated": learned.len(), "clean": items - learned.len()}
    page = (leaky.store.folder / "report.html").read_text()
    assert f"{learned.len()} of {items} items were found in the questions of the training set." in page
    evidence = leaky.store.read(BENCHMARK_PROBLEMS).filter(
        pl.col("set_aside").is_null(), pl.col("question").is_in(learned.to_list())
    )
    assert evidence.height == learned.len()
    assert all(ident in page for ident in evidence["problem_id"])
    assert "of the training set: " in page
