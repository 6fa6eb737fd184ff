"""`skyassets status`: the calls and the training that it forecasts are those of the run, and it changes nothing."""

import json
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from assets.pipeline import ROWS, Pipeline
from shell import ROOT, Shell

from skyassets.commands.planning.run_forecast import RunForecast, run_forecast
from skyassets.commands.planning.status import status
from skyassets.core.ports import Sampling
from skyassets.core.sources import HubDataset
from skyassets.core.tables.declarations import CHECKPOINT, REPORTS
from skyassets.core.training.spec import Training
from skyassets.project.project import Project
from skyassets.project.table_status import table_statuses

SAMPLES, BENCHMARK = 2, 12


def ahead(pipeline: Pipeline) -> RunForecast:
    project = Project(pipeline.recipe, pipeline.deployment)
    return run_forecast(project, table_statuses(project))


def trained(pipeline: Pipeline, **changes: float) -> Training:
    return replace(pipeline.recipe.training, **changes)  # type: ignore[arg-type]


def one_more_problem(pipeline: Pipeline) -> int:
    pipeline.write([*ROWS, {"question": "What is 83 times 2?", "answer": "166"}])
    return SAMPLES + BENCHMARK


def one_problem_less(pipeline: Pipeline) -> int:
    pipeline.write(ROWS[1:])
    return BENCHMARK


def another_order(pipeline: Pipeline) -> int:
    pipeline.write(reversed(ROWS))
    return BENCHMARK  # at most: whether the problems come out the same is not known yet


def hotter_teacher(pipeline: Pipeline) -> int:
    hotter = replace(pipeline.recipe.teacher, sampling=Sampling(temperature=0.9, max_tokens=64))
    pipeline.recipe = replace(pipeline.recipe, teacher=hotter)
    return SAMPLES * len(ROWS) + BENCHMARK


def another_learning_rate(pipeline: Pipeline) -> int:
    pipeline.recipe = replace(pipeline.recipe, training=trained(pipeline, learning_rate=2e-3))
    return BENCHMARK


def another_prompt_of_the_evaluation(pipeline: Pipeline) -> int:
    prompts = replace(pipeline.recipe.evaluation.prompts, system="Think first.")
    pipeline.recipe = replace(pipeline.recipe, evaluation=replace(pipeline.recipe.evaluation, prompts=prompts))
    return 2 * BENCHMARK


def nothing(pipeline: Pipeline) -> int:
    return 0


CHANGES = (
    *(nothing, one_more_problem, one_problem_less, another_order, hotter_teacher, another_learning_rate),
    another_prompt_of_the_evaluation,
)


@pytest.mark.parametrize("change", CHANGES)
def test_the_forecast_calls_are_the_calls_of_the_run(pipeline: Pipeline, change: Callable[[Pipeline], int]) -> None:
    expected = change(pipeline)
    forecast = ahead(pipeline)
    before = len(list(pipeline.store.folder.glob("weights/*/tiny.json")))
    outcome = pipeline.run()
    assert forecast.calls == expected
    # Where the calls depend on what a table will contain, the forecast is the most there can be.
    assert outcome.calls <= expected if forecast.is_most else outcome.calls == expected
    is_trained = len(list(pipeline.store.folder.glob("weights/*/tiny.json"))) > before
    assert forecast.is_trained >= is_trained
    if not forecast.is_most:
        assert forecast.is_trained == is_trained
    assert (forecast.training is not None) == forecast.is_trained


def test_a_training_with_existing_weights_is_not_forecast(pipeline: Pipeline) -> None:
    first = pipeline.recipe
    another_learning_rate(pipeline)
    pipeline.run()
    pipeline.recipe = first
    forecast = ahead(pipeline)
    assert not forecast.is_trained
    assert "weights of this training exist already" in forecast.notes[0]
    assert pipeline.run().rebuilt >= {CHECKPOINT.name}


def test_before_the_first_run_every_call_is_counted(tmp_path: Path) -> None:
    fresh = Pipeline(tmp_path)
    forecast = ahead(fresh)
    assert forecast.calls == fresh.run().calls
    assert not forecast.is_most


def test_a_data_set_of_the_hub_is_not_downloaded_to_be_counted(tmp_path: Path) -> None:
    far = Pipeline(tmp_path)
    source = replace(far.recipe.sources[0], origin=HubDataset("nobody/nothing", split="train", revision="0" * 40))
    far.recipe = replace(far.recipe, sources=(source,))
    began = time.monotonic()
    forecast = ahead(far)
    assert forecast.calls is None
    assert forecast.dollars is None
    assert "raw_problems comes from the hub and does not exist yet" in forecast.notes[0]
    assert time.monotonic() - began < 30  # no network is waited for


def seen(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_status_changes_nothing(pipeline: Pipeline) -> None:
    hotter_teacher(pipeline)
    before, calls = seen(pipeline.folder), pipeline.calls()
    ahead(pipeline)
    assert seen(pipeline.folder) == before
    assert pipeline.calls() == calls


def test_the_budget_is_compared_with_the_calls(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    free = shell.run("skyassets", "status", SKYASSETS_BUDGET="5").stdout
    assert "budget per run: $5.00; the calls fit" in free
    dear = shell.run("skyassets", "status", SKYASSETS_BUDGET="0.01", SKYASSETS_TEACHER_PRICE="9,9").stdout
    assert "whether the calls fit is unknown" in dear


def test_an_unknown_price_is_reported_and_the_tables_are_shown(tmp_path: Path) -> None:
    done = Shell(tmp_path).run("skyassets", "status", SKYASSETS_TEACHER_URL="https://models.example/v1")
    assert done.returncode == 1
    assert "the number of calls is unknown: teacher: the price of tiny at" in " ".join(done.stdout.split())
    assert "raw_problems" in done.stdout


def test_json_has_the_state_of_every_table_and_the_cost_of_the_run(tmp_path: Path) -> None:
    done = Shell(tmp_path).run("skyassets", "status", "--json")
    data = json.loads(done.stdout)
    assert {table["state"] for table in data["tables"]} == {"missing"}
    assert data["run"]["calls"] == sum(role["calls"] for role in data["run"]["roles"]) > 0
    assert data["run"]["dollars"] is None  # how long the training takes on this machine is unknown
    assert data["epoch"] is None


def test_a_damaged_report_is_stale_and_has_no_epoch(pipeline: Pipeline, capsys: pytest.CaptureFixture[str]) -> None:
    pipeline.store.path(REPORTS).write_text("{not")
    assert status(pipeline.recipe, pipeline.deployment, Namespace(json=True)) == 1
    data = json.loads(capsys.readouterr().out)
    assert data["epoch"] is None
    (report,) = [table for table in data["tables"] if table["table"] == REPORTS.name]
    assert report["why"] == "its file was changed by another program"


def test_nothing_heavy_is_loaded(tmp_path: Path) -> None:
    program = (
        "import sys; from skyassets.commands.main import main; sys.argv = ['skyassets', 'status']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print([name for name in ('torch', 'vllm', 'transformers', 'datasets', 'deepspeed') if name in sys.modules])"
    )
    shell = Shell(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", program], env=shell.environment(), cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
