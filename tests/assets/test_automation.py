"""The automation conditions, evaluated by Dagster itself on an instance: what would be started, and what never is."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import dagster as dg
import pytest
from assets.pipeline import ALL, ROWS, Pipeline

from skyassets.assets.automation import longest_pause
from skyassets.assets.graph import build_definitions
from skyassets.core.errors import SkyassetsError
from skyassets.core.tables.declarations import REPORTS
from skyassets.project.settings import from_environment

ONE_MORE = [*ROWS, {"question": "What is 9 times 8?", "answer": "72"}]
UP_TO_THE_DATA_SET = {"teacher_traces", "rewritten_traces", "verdicts", "sft_dataset"}


class Watched:
    """A pipeline whose conditions are evaluated tick by tick, as the automation sensor does."""

    def __init__(self, pipeline: Pipeline, instance: dg.DagsterInstance) -> None:
        self.pipeline, self.instance = pipeline, instance
        self.cursor = None

    @property
    def definitions(self) -> dg.Definitions:
        return build_definitions(self.pipeline.recipe, self.pipeline.deployment)

    def materialize(self, *names: str) -> None:
        job = self.definitions.resolve_implicit_global_asset_job_def()
        keys = [dg.AssetKey(name) for name in names] or None
        assert job.execute_in_process(instance=self.instance, asset_selection=keys).success

    def tick(self) -> set[str]:
        """The assets that would be started now."""
        result = dg.evaluate_automation_conditions(self.definitions, self.instance, cursor=self.cursor)
        self.cursor = result.cursor
        return {name for name in ALL if result.get_num_requested(dg.AssetKey(name))}


@pytest.fixture
def watched(pipeline: Pipeline) -> Iterator[Watched]:
    with dg.DagsterInstance.ephemeral() as instance:
        watcher = Watched(pipeline, instance)
        watcher.materialize()
        assert watcher.tick() == set()
        yield watcher


def test_a_run_that_found_nothing_to_do_starts_nothing(watched: Watched) -> None:
    watched.materialize()
    assert watched.tick() == set()


def test_a_changed_source_rebuilds_up_to_the_data_set_once_and_trains_nothing(watched: Watched) -> None:
    watched.pipeline.write(ONE_MORE)
    watched.materialize("raw_problems")
    started = watched.tick()
    assert started == UP_TO_THE_DATA_SET
    assert watched.tick() == set()
    watched.materialize(*started)
    assert watched.tick() == set()


def test_a_checkpoint_trained_by_hand_is_measured(watched: Watched) -> None:
    watched.pipeline.write(ONE_MORE)
    watched.materialize("raw_problems")
    watched.materialize(*watched.tick())
    watched.materialize("checkpoint")
    assert watched.tick() == {"benchmark_answers", "benchmark_reports"}


def test_with_automatic_training_a_changed_source_trains_and_measures_too(watched: Watched) -> None:
    watched.pipeline.deployment = replace(watched.pipeline.deployment, train_automatically=True)
    assert watched.tick() == set()
    watched.pipeline.write(ONE_MORE)
    watched.materialize("raw_problems")
    assert watched.tick() == {*UP_TO_THE_DATA_SET, "checkpoint", "benchmark_answers", "benchmark_reports"}


def test_a_changed_recipe_starts_what_uses_that_part_of_it(watched: Watched) -> None:
    recipe = watched.pipeline.recipe
    watched.pipeline.recipe = replace(recipe, teacher=replace(recipe.teacher, samples=3))
    assert watched.tick() == UP_TO_THE_DATA_SET


def test_nothing_runs_automatically_until_switched_on(pipeline: Pipeline) -> None:
    repository = build_definitions(pipeline.recipe, pipeline.deployment).get_repository_def()
    started = {sensor.name: sensor.default_status.value for sensor in repository.sensor_defs}
    assert started == {"new_checkpoint_or_benchmark": "STOPPED", "rebuild_automatically": "STOPPED"}
    assert {schedule.default_status.value for schedule in repository.schedule_defs} == {"STOPPED"}


def test_every_asset_except_the_checkpoint_has_a_condition(pipeline: Pipeline) -> None:
    graph = build_definitions(pipeline.recipe, pipeline.deployment).get_repository_def().asset_graph
    without = {key.to_user_string() for key in graph.get_all_asset_keys() if not graph.get(key).automation_condition}
    assert without == {"checkpoint"}


def test_one_variable_enables_automatic_training() -> None:
    assert not from_environment({}).train_automatically
    assert from_environment({"SKYASSETS_TRAIN_AUTOMATICALLY": "1"}).train_automatically
    with pytest.raises(SkyassetsError, match="SKYASSETS_TRAIN_AUTOMATICALLY is 'yes'"):
        from_environment({"SKYASSETS_TRAIN_AUTOMATICALLY": "yes"})


def test_a_report_is_overdue_after_two_missed_re_evaluations(pipeline: Pipeline) -> None:
    graph = build_definitions(pipeline.recipe, pipeline.deployment).get_repository_def().asset_graph
    policy = graph.get(dg.AssetKey(REPORTS.name)).freshness_policy
    assert policy == dg.FreshnessPolicy.time_window(
        warn_window=timedelta(days=14, hours=12), fail_window=timedelta(days=364)
    )


@pytest.mark.parametrize(
    ("cadence", "pause"),
    [
        ("0 6 * * 1", timedelta(days=7)),
        ("0 6 * * 1-5", timedelta(days=3)),
        ("0 6 1 * *", timedelta(days=31)),
        ("* * * * *", timedelta(minutes=1)),
    ],
)
def test_the_longest_pause_of_a_cadence_is_used(cadence: str, pause: timedelta) -> None:
    assert longest_pause(cadence) == pause


def test_any_cadence_gives_a_policy_that_dagster_takes(pipeline: Pipeline) -> None:
    for cadence in ("* * * * *", "0 * * * *", "0 6 1 1 *"):
        assert build_definitions(replace(pipeline.recipe, reevaluate_at=cadence), pipeline.deployment)
