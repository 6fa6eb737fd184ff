"""Verdicts by row: judged rows are not judged again, and unjudged rows can be judged again alone."""

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import polars as pl
from assets.pipeline import ROWS, Pipeline

from skyassets.commands.inspection.rejudge import REJUDGE
from skyassets.core.ports import Limits
from skyassets.core.tables.declarations import BENCHMARK_PROBLEMS, VERDICTS


def counts(pipeline: Pipeline) -> tuple[object, object]:
    manifest = pipeline.store.manifest(VERDICTS)
    assert manifest is not None
    return manifest.metadata["texts judged"], manifest.metadata["judgements reused"]


def test_one_problem_added_judges_only_its_own_texts(pipeline: Pipeline) -> None:
    _, reused = counts(pipeline)
    before = pipeline.store.read(VERDICTS)
    pipeline.write([*ROWS, {"question": "What is 83 times 2?", "answer": "166"}])
    pipeline.run()
    after = pipeline.store.read(VERDICTS)
    fresh, reused = counts(pipeline)
    assert after.height > before.height
    assert isinstance(fresh, int)
    assert 0 < fresh <= after.height - before.height
    assert isinstance(reused, int)
    assert reused > 0
    assert before.join(after, on="verdict_id", how="anti").is_empty()


def test_other_limits_judge_no_answer_again(pipeline: Pipeline) -> None:
    pipeline.recipe = replace(pipeline.recipe, limits=Limits(seconds=4.0))
    assert "verdicts" in pipeline.run().rebuilt
    fresh, reused = counts(pipeline)
    assert fresh == 0
    assert reused != 0


BOMB = r"After all, it is \boxed{9^{9^{9^{9}}}}"


def test_rejudging_judges_only_what_was_unjudged(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    rows = [{"question": f"How much is it, case {number}?", "answer": "5", "trace": BOMB} for number in range(2)]
    pipeline.write([*({**row, "trace": r"It is \boxed{217}"} for row in ROWS), *rows])
    source = replace(pipeline.recipe.sources[0], trace="trace")
    pipeline.recipe = replace(pipeline.recipe, sources=(source,))
    pipeline.run()
    before = pipeline.store.read(VERDICTS)
    unjudged = before.filter((pl.col("verdict") == "unjudged") & pl.col("answer").is_not_null())
    assert unjudged.height > 0
    assert pipeline.run().rebuilt == frozenset()

    assert REJUDGE.run(pipeline.recipe, pipeline.deployment, Namespace(dry_run=True)) == 0
    assert pipeline.run().rebuilt == frozenset()
    assert REJUDGE.run(pipeline.recipe, pipeline.deployment, Namespace(dry_run=False)) == 0
    assert pipeline.run().rebuilt == {"verdicts"}
    fresh, reused = counts(pipeline)
    # Equal texts are one judgement.
    assert fresh == 2
    assert reused != 0
    assert pipeline.store.read(VERDICTS).equals(before)
    assert pipeline.run().rebuilt == frozenset()


def test_verdicts_without_a_sandbox_are_judged_again_in_one(tmp_path: Path) -> None:
    pipeline = Pipeline(tmp_path)
    safe = pipeline.deployment
    pipeline.deployment = replace(safe, sandbox="none")
    pipeline.run()
    problems = pipeline.store.read(BENCHMARK_PROBLEMS)
    assert (problems["domain"] == "code").any()
    pipeline.deployment = safe
    assert {"benchmark_problems", "benchmark_answers"} <= pipeline.run().rebuilt
    assert pipeline.run().rebuilt == frozenset()
