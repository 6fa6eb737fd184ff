"""What `table_statuses` predicts is what a run does: the same tables rebuilt, for the same reasons."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from assets.pipeline import ALL, ROWS, Pipeline

from skyassets.core.files import locked
from skyassets.core.ports import Limits, Sampling
from skyassets.core.sources import LocalFile
from skyassets.core.tables.declarations import TRACES, VERDICTS
from skyassets.project.asset_specs import asset_specs
from skyassets.project.project import Project
from skyassets.project.table_status import State, TableStatus, table_statuses
from skyassets.stages.rewriting.rewrite import RuleRewriting


def table_status(pipeline: Pipeline) -> dict[str, TableStatus]:
    return {one.table.name: one for one in table_statuses(Project(pipeline.recipe, pipeline.deployment))}


def reasons_in_a_run(pipeline: Pipeline) -> dict[str, str]:
    """Table to why it was rebuilt; other tables are left out."""
    result = pipeline.materialize()
    assert result.success
    metadata = {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None
    }
    assert set(metadata) == set(ALL)
    return {name: str(values["why"].value) for name, values in metadata.items() if values["rebuilt"].value}


def change(**fields: object) -> Callable[[Pipeline], None]:
    def apply(pipeline: Pipeline) -> None:
        pipeline.recipe = replace(pipeline.recipe, **fields)  # type: ignore[arg-type]

    return apply


def within(name: str, **fields: object) -> Callable[[Pipeline], None]:
    def apply(pipeline: Pipeline) -> None:
        part = replace(getattr(pipeline.recipe, name), **fields)
        pipeline.recipe = replace(pipeline.recipe, **{name: part})

    return apply


def move(pipeline: Pipeline) -> None:
    moved = pipeline.file.rename(pipeline.folder / "moved.jsonl")
    pipeline.recipe = replace(
        pipeline.recipe, sources=(replace(pipeline.recipe.sources[0], origin=LocalFile(str(moved))),)
    )


def hotter_on_fewer_problems(pipeline: Pipeline) -> None:
    pipeline.write(ROWS[1:])
    within("teacher", sampling=Sampling(temperature=0.9, max_tokens=64))(pipeline)


def half_made(pipeline: Pipeline) -> None:
    """A problem is added, and only its own table and the traces are rebuilt."""
    pipeline.write([*ROWS, {"question": "What is 83 times 2?", "answer": "166"}])
    for only in ("raw_problems", "teacher_traces"):
        assert pipeline.materialize(only=only).success


def half_made_and_taken_back(pipeline: Pipeline) -> None:
    """As `half_made`, and then the problem is taken back."""
    half_made(pipeline)
    pipeline.write(ROWS)


def tried_again(pipeline: Pipeline) -> None:
    pipeline.store.mark_unfinished(VERDICTS, 3)


def unreadable_manifest(pipeline: Pipeline) -> None:
    (pipeline.store.folder / "sft_dataset.manifest.json").write_text("{")


def without(*paths: str) -> Callable[[Pipeline], None]:
    def apply(pipeline: Pipeline) -> None:
        for path in paths:
            next(pipeline.store.folder.glob(path)).unlink()

    return apply


def edited_by_hand(pipeline: Pipeline) -> None:
    path = pipeline.store.path(TRACES)
    pl.read_parquet(path).head(1).write_parquet(path)


CHANGES: dict[str, Callable[[Pipeline], None]] = {
    "nothing": lambda pipeline: None,
    "a problem added": lambda pipeline: pipeline.write([*ROWS, {"question": "What is 83 times 2?", "answer": "166"}]),
    "a problem removed": lambda pipeline: pipeline.write(ROWS[1:]),
    "problems in another order": lambda pipeline: pipeline.write(reversed(ROWS)),
    "the file moved": move,
    "a hotter teacher": within("teacher", sampling=Sampling(temperature=0.9, max_tokens=64)),
    "a hotter teacher on fewer problems": hotter_on_fewer_problems,
    "other words of the rewriter": change(rewriting=RuleRewriting("So it is \\boxed{{answer}}.")),
    "another limit of the graders": change(limits=Limits(seconds=4.0)),
    "another learning rate": within("training", learning_rate=2e-3),
    "another seed of the evaluation": within("evaluation", seed=7),
    "more gates": within("gates", minimum=2),
    "another name": change(name="another"),
    "half of it made": half_made,
    "half of it made and taken back": half_made_and_taken_back,
    "rows to be tried again": tried_again,
    "a manifest that cannot be read": unreadable_manifest,
    "a table gone": without("teacher_traces.parquet"),
    "two tables gone": without("raw_problems.parquet", "sft_dataset.parquet"),
    "weights gone": without("weights/*/tiny.json"),
    "a training file gone": without("sft/dataset_info.json"),
    "a table edited by hand": edited_by_hand,
}


@pytest.mark.parametrize("apply", CHANGES.values(), ids=CHANGES)
def test_the_predicted_statuses_are_those_of_the_run(pipeline: Pipeline, apply: Callable[[Pipeline], None]) -> None:
    apply(pipeline)
    project = Project(pipeline.recipe, pipeline.deployment)
    predicted = {one.table.name: one for one in table_statuses(project)}
    parents = {name: {parent.name for parent in spec.parents} for name, spec in asset_specs(project).items()}
    done = reasons_in_a_run(pipeline)
    certain = {name for name, one in predicted.items() if one.state in (State.STALE, State.MISSING)}
    possible = {name for name, one in predicted.items() if one.is_pending}
    assert certain <= done.keys() <= possible
    assert bool(possible) == bool(done)
    for name in certain:
        # Where a parent is rebuilt as well, its new content is one more reason, which cannot be predicted.
        if not parents[name] & possible:
            assert predicted[name].why == done[name]
    assert {one.state for one in table_status(pipeline).values()} == {State.FRESH}


def test_looking_changes_nothing(tmp_path: Path) -> None:
    fresh = Pipeline(tmp_path)
    assert {one.state for one in table_status(fresh).values()} == {State.MISSING}
    assert not fresh.deployment.data.exists()


def test_tables_after_a_change_are_only_perhaps_rebuilt(pipeline: Pipeline) -> None:
    pipeline.write(reversed(ROWS))
    statuses = table_status(pipeline)
    assert statuses["raw_problems"].state is State.STALE
    assert statuses["raw_problems"].why == "changed: parent source mine"
    assert statuses["teacher_traces"].state is State.PERHAPS
    assert statuses["teacher_traces"].why == "after raw_problems, if it changes"
    assert statuses["benchmark_problems"].state is State.FRESH


def test_a_change_of_the_recipe_is_distinguished_from_one_of_the_code(pipeline: Pipeline) -> None:
    within("teacher", sampling=Sampling(temperature=0.9, max_tokens=64))(pipeline)
    assert table_status(pipeline)["teacher_traces"].why == "changed: recipe"


def test_a_missing_source_is_reported_and_its_stored_rows_are_still_counted(pipeline: Pipeline) -> None:
    pipeline.file.unlink()
    statuses = table_status(pipeline)
    assert statuses["raw_problems"].state is State.STUCK
    assert "no file " in statuses["raw_problems"].why
    assert statuses["raw_problems"].rows == len(ROWS)
    assert statuses["checkpoint"].state is State.PERHAPS
    assert not pipeline.materialize().success


def test_a_table_being_built_names_its_process(pipeline: Pipeline) -> None:
    with locked(pipeline.store.folder / ".checkpoint.lock", lambda line: None):
        statuses = table_status(pipeline)
    assert statuses["checkpoint"].builder == str(os.getpid())
    assert not statuses["verdicts"].builder
    assert not table_status(pipeline)["checkpoint"].builder
