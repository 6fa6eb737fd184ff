"""The sensor for new checkpoints and benchmarks, on an instance with real materialisations."""

import json
from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import pytest
from assets.pipeline import ROWS, Pipeline

from skyassets.assets.graph import build_definitions
from skyassets.core.tables.declarations import CHECKPOINT

ONE_MORE = [*ROWS, {"question": "What is 9 times 8?", "answer": "72"}]


class Sensed:
    """A pipeline, and the sensor with the cursor that the daemon would keep."""

    def __init__(self, pipeline: Pipeline, instance: dg.DagsterInstance) -> None:
        self.pipeline, self.instance = pipeline, instance
        self.cursor: str | None = None

    def materialize(self, *names: str) -> None:
        job = build_definitions(self.pipeline.recipe, self.pipeline.deployment).resolve_implicit_global_asset_job_def()
        keys = [dg.AssetKey(name) for name in names] or None
        assert job.execute_in_process(instance=self.instance, asset_selection=keys).success

    def re_evaluate(self) -> None:
        job = build_definitions(self.pipeline.recipe, self.pipeline.deployment).resolve_job_def("re_evaluate")
        assert job.execute_in_process(instance=self.instance).success

    def train_on_one_more(self) -> None:
        self.pipeline.write(ONE_MORE)
        self.materialize("raw_problems", "teacher_traces", "rewritten_traces", "verdicts", "sft_dataset", "checkpoint")

    def tick(self) -> list[dg.RunRequest]:
        repository = build_definitions(self.pipeline.recipe, self.pipeline.deployment).get_repository_def()
        sensor = repository.get_sensor_def("new_checkpoint_or_benchmark")
        with dg.build_sensor_context(instance=self.instance, cursor=self.cursor, repository_def=repository) as context:
            result = sensor.evaluate_tick(context)
        self.cursor = result.cursor
        self.skipped = result.skip_message
        return list(result.run_requests or ())


@pytest.fixture
def sensed(pipeline: Pipeline) -> Iterator[Sensed]:
    with dg.DagsterInstance.ephemeral() as instance:
        sensor = Sensed(pipeline, instance)
        sensor.materialize()
        assert sensor.tick() == []
        yield sensor


def test_without_any_materialisation_nothing_is_requested(pipeline: Pipeline) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        sensed = Sensed(pipeline, instance)
        assert sensed.tick() == []
        assert sensed.skipped == "checkpoint is not materialized yet"


def test_a_new_checkpoint_is_re_evaluated_once(sensed: Sensed) -> None:
    sensed.train_on_one_more()
    (request,) = sensed.tick()
    assert request.job_name in (None, "re_evaluate")
    assert "skyassets/epoch" not in request.tags
    assert sensed.tick() == []
    assert "already requested" in str(sensed.skipped)
    sensed.re_evaluate()
    assert sensed.tick() == []
    assert "the latest report covers this checkpoint" in str(sensed.skipped)


def test_a_new_version_of_a_benchmark_is_re_evaluated(sensed: Sensed) -> None:
    (benchmark,) = sensed.pipeline.recipe.benchmarks
    other = replace(benchmark.source, origin=replace(benchmark.source.origin, per_family=5))
    sensed.pipeline.recipe = replace(sensed.pipeline.recipe, benchmarks=(replace(benchmark, source=other),))
    sensed.materialize("benchmark_problems")
    assert len(sensed.tick()) == 1


def test_a_materialisation_that_changed_nothing_starts_nothing(sensed: Sensed) -> None:
    sensed.materialize("checkpoint", "benchmark_problems")
    assert sensed.tick() == []
    sensed.train_on_one_more()
    assert len(sensed.tick()) == 1
    sensed.materialize("checkpoint")
    assert sensed.tick() == []


def test_a_checkpoint_that_returns_is_requested_with_a_new_key(sensed: Sensed) -> None:
    sensed.train_on_one_more()
    (first,) = sensed.tick()
    sensed.pipeline.write(ROWS)
    sensed.materialize("raw_problems", "teacher_traces", "rewritten_traces", "verdicts", "sft_dataset", "checkpoint")
    assert sensed.tick() == [], "the report is of that checkpoint still"
    sensed.train_on_one_more()
    (second,) = sensed.tick()
    assert first.run_key != second.run_key


def test_nothing_is_started_while_a_run_is_in_progress(sensed: Sensed) -> None:
    sensed.train_on_one_more()
    job = build_definitions(sensed.pipeline.recipe, sensed.pipeline.deployment).resolve_job_def("re_evaluate")
    run = sensed.instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert sensed.tick() == []
    assert run.run_id in str(sensed.skipped)
    sensed.instance.report_run_canceled(run)
    assert len(sensed.tick()) == 1


def test_another_recipes_materialisations_in_the_same_instance_start_nothing(sensed: Sensed) -> None:
    own, pipeline = sensed.pipeline.recipe, sensed.pipeline
    (benchmark,) = own.benchmarks
    fewer = replace(benchmark, source=replace(benchmark.source, origin=replace(benchmark.source.origin, per_family=2)))
    other = replace(
        own,
        name="other",
        benchmarks=(fewer,),
        training=replace(own.training, learning_rate=2 * own.training.learning_rate),
    )
    pipeline.recipe = other
    sensed.materialize()
    versions = {pipeline.store.data_version(CHECKPOINT)}
    pipeline.recipe = own
    assert pipeline.store.data_version(CHECKPOINT) not in versions
    assert sensed.tick() == []
    sensed.train_on_one_more()
    pipeline.recipe = other
    sensed.materialize("checkpoint", "benchmark_problems")
    pipeline.recipe = own
    assert len(sensed.tick()) == 1, "its own new checkpoint is found behind the other's"


def test_the_cursor_holds_the_versions_last_measured(sensed: Sensed) -> None:
    seen = json.loads(str(sensed.cursor))
    assert set(seen) == {"checkpoint", "benchmark_problems"}
    assert seen["checkpoint"] == sensed.pipeline.store.data_version(CHECKPOINT)
