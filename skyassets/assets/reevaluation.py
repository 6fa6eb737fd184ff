"""Re-evaluation triggers: a schedule for new epochs, and a sensor for new checkpoints and new benchmarks."""

import json
from typing import Any

import dagster as dg

from skyassets.core.tables.declarations import ANSWERS, BENCHMARK_PROBLEMS, CHECKPOINT, REPORTS
from skyassets.project.evaluation.epoch import EPOCH_TAG
from skyassets.project.project import Project

JOB = "re_evaluate"
WATCHED = (CHECKPOINT, BENCHMARK_PROBLEMS)
DATA_VERSION = "dagster/data_version"
UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
LEAST_SECONDS = 60
"""Minimum seconds between two evaluations of the sensor."""
SEARCHED = 100
"""How many of a table's latest materializations are searched for the one that made the stored version."""


def reevaluation_job() -> Any:  # Dagster does not export the type of asset jobs
    """The job that the schedule and the sensor start."""
    return dg.define_asset_job(
        JOB,
        selection=dg.AssetSelection.assets(ANSWERS.name, REPORTS.name),
        description="Samples the benchmarks again in a new epoch (fresh samples, same prompts) and reports the scores.",
    )


def new_epochs(job: Any, cadence: str) -> dg.ScheduleDefinition:
    """The schedule: each tick begins an epoch named by its time, unless the previous one is still running."""

    @dg.schedule(
        job=job,
        cron_schedule=cadence,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description="Re-evaluates all models in an epoch named by its time.",
    )
    def re_evaluation(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        if run := _unfinished_run(context.instance):
            return dg.SkipReason(f"run {run} is still re-evaluating; the next tick tries again")
        epoch = context.scheduled_execution_time.strftime("%Y-%m-%d-%H%M")
        return dg.RunRequest(run_key=epoch, tags={EPOCH_TAG: epoch})

    return re_evaluation


def new_versions(job: Any, project: Project) -> dg.SensorDefinition:
    """The sensor: starts the job in the current epoch when the checkpoint or benchmarks differ from the report's.

    The cursor is the last request, so nothing is started twice and a failed run is left for a person to handle. A
    materialization that changed nothing keeps its data version and triggers nothing. Dagster does not know about
    recipes: a materialization of another recipe has a data version that this recipe's store does not hold, and is
    skipped.
    """

    @dg.sensor(
        name="new_checkpoint_or_benchmark",
        job=job,
        minimum_interval_seconds=LEAST_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Re-evaluates when the checkpoint or the benchmarks differ from those of the latest report.",
    )
    def new_checkpoint_or_benchmark(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        return _evaluate(context, project)

    return new_checkpoint_or_benchmark


def reported(project: Project) -> dict[str, str]:
    """The data versions, by asset, that the current report was made from; empty without a report."""
    report, answers = project.store.manifest(REPORTS), project.store.manifest(ANSWERS)
    if report is None or answers is None or report.fingerprint.get(f"parent {ANSWERS.name}") != answers.data_version:
        return {}
    return {table.name: answers.fingerprint.get(f"parent {table.name}", "") for table in WATCHED}


def _evaluate(context: dg.SensorEvaluationContext, project: Project) -> dg.SensorResult:
    versions: dict[str, str] = {}
    latest = 0
    for table in WATCHED:
        records = context.instance.fetch_materializations(dg.AssetKey(table.name), limit=SEARCHED).records
        manifest = project.store.manifest(table)
        if not records or manifest is None:
            return _skip(f"{table.name} is not materialized yet")
        record = next((record for record in records if _version(record) == manifest.data_version), None)
        if record is None:
            return _skip(f"{table.name} was materialized by another recipe, or its run is still finishing")
        run = context.instance.get_run_by_id(record.run_id)
        if run is not None and not run.is_finished:
            return _skip(f"run {run.run_id}, which made {table.name}, is unfinished and may evaluate it itself")
        versions[table.name] = manifest.data_version
        latest = max(latest, record.storage_id)
    cursor = json.dumps(versions, sort_keys=True)
    if reported(project) == versions:
        return _skip("the latest report covers this checkpoint and these benchmarks", cursor)
    if context.cursor == cursor:
        return _skip("a run was already requested for this checkpoint and these benchmarks; check how it ended")
    if run_id := _unfinished_run(context.instance):
        return _skip(f"run {run_id} is still re-evaluating")
    names = "-".join(f"{name}={version[:12]}" for name, version in versions.items())
    # The number distinguishes a version that came back from its first request.
    return dg.SensorResult(run_requests=[dg.RunRequest(run_key=f"{names}-{latest}")], cursor=cursor)


def _version(record: dg.EventLogRecord) -> str:
    """The data version recorded in the materialization; empty if there is none."""
    made = record.asset_materialization
    return ((made.tags if made else None) or {}).get(DATA_VERSION, "")


def _skip(why: str, cursor: str | None = None) -> dg.SensorResult:
    """Start no run, with the reason; without a cursor, the current one is kept."""
    return dg.SensorResult(skip_reason=dg.SkipReason(why), cursor=cursor)


def _unfinished_run(instance: dg.DagsterInstance) -> str:
    """The job's unfinished run; empty if there is none."""
    runs = instance.get_runs(dg.RunsFilter(job_name=JOB, statuses=UNFINISHED), limit=1)
    return runs[0].run_id if runs else ""
