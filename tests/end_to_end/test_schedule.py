"""The re-evaluation: off until switched on, named by its date, and asked through the webserver's own GraphQL."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.schedule_definition import ScheduleExecutionData
from shell import ROOT
from starlette.testclient import TestClient

from skyassets.assets.graph import build_definitions
from skyassets.project.deployment import Deployment
from skyassets.project.evaluation.epoch import EPOCH_TAG
from skyassets.recipes.smoke import smoke


@pytest.fixture
def definitions(tmp_path: Path) -> dg.Definitions:
    return build_definitions(smoke(), Deployment(data=tmp_path))


def test_a_tick_begins_an_epoch_named_by_its_time(definitions: dg.Definitions) -> None:
    schedule = definitions.resolve_schedule_def("re_evaluation")
    with dg.DagsterInstance.local_temp() as instance:
        result = tick(definitions, instance)
    (request,) = result.run_requests or []
    assert request.tags[EPOCH_TAG] == request.run_key == "2026-01-05-0600"
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED
    assert schedule.job_name == "re_evaluate"


@pytest.mark.parametrize("status", [dg.DagsterRunStatus.STARTING, dg.DagsterRunStatus.STARTED])
def test_a_tick_while_a_re_evaluation_is_under_way_is_skipped(
    definitions: dg.Definitions, status: dg.DagsterRunStatus
) -> None:
    with dg.DagsterInstance.local_temp() as instance:
        run = instance.create_run_for_job(definitions.resolve_job_def("re_evaluate"), status=status)
        result = tick(definitions, instance)
        assert not result.run_requests
        assert run.run_id in str(result.skip_message)
        instance.report_run_canceled(run)
        assert len(tick(definitions, instance).run_requests or []) == 1


def test_a_run_of_another_job_is_no_reason_to_skip(definitions: dg.Definitions) -> None:
    with dg.DagsterInstance.local_temp() as instance:
        other = definitions.resolve_job_def("rebuild_what_changed")
        instance.create_run_for_job(other, status=dg.DagsterRunStatus.STARTED)
        assert len(tick(definitions, instance).run_requests or []) == 1


def tick(definitions: dg.Definitions, instance: dg.DagsterInstance) -> ScheduleExecutionData:
    """What the schedule says on a Monday in January."""
    when = datetime(2026, 1, 5, 6, tzinfo=UTC)
    with dg.build_schedule_context(instance=instance, scheduled_execution_time=when) as context:
        return definitions.resolve_schedule_def("re_evaluation").evaluate_tick(context)


def test_the_webserver_knows_the_graph(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from dagster._core.workspace.context import WorkspaceProcessContext
    from dagster._core.workspace.load_target import WorkspaceFileTarget
    from dagster_webserver.app import create_app_from_workspace_process_context

    monkeypatch.setenv("SKYASSETS_RECIPE", "smoke")
    monkeypatch.setenv("SKYASSETS_DATA", str(tmp_path))
    question = """{ assetNodes { assetKey { path } description groupName } schedulesOrError(repositorySelector: {
        repositoryName: "__repository__", repositoryLocationName: "skyassets"}) {
        ... on Schedules { results { name cronSchedule scheduleState { status } } } }
        sensorsOrError(repositorySelector: {
        repositoryName: "__repository__", repositoryLocationName: "skyassets"}) {
        ... on Sensors { results { name sensorState { status } } } } }"""
    home = tmp_path / "home"
    home.mkdir()
    with dg.DagsterInstance.local_temp(str(home)) as instance:
        target = WorkspaceFileTarget(paths=[str(ROOT / "workspace.yaml")])
        with WorkspaceProcessContext(instance, target, version="test") as workspace:
            client = TestClient(create_app_from_workspace_process_context(workspace))
            data = client.post("/graphql", json={"query": question}).json()["data"]
    assert len(data["assetNodes"]) == 9
    assert all(node["description"] and node["groupName"] for node in data["assetNodes"])
    (schedule,) = data["schedulesOrError"]["results"]
    assert (schedule["name"], schedule["scheduleState"]["status"]) == ("re_evaluation", "STOPPED")
    sensors = {each["name"]: each["sensorState"]["status"] for each in data["sensorsOrError"]["results"]}
    assert sensors == {"new_checkpoint_or_benchmark": "STOPPED", "rebuild_automatically": "STOPPED"}
