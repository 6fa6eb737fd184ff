"""A real training under Dagster: told live through Pipes, cancelled with all its ranks, handed to another machine."""

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import polars as pl
import pytest
from engines.trainings import ranks_of, steps, wait_for
from shell import ROOT, Shell
from tiny_base import save_tiny_base
from ui import browser, dagster_dev

from skyassets.core.tables.declarations import CHECKPOINT
from skyassets.core.tables.store import TableStore

pytestmark = pytest.mark.real
RECIPE = "user_recipes:small_student"
SFT = "raw_problems,benchmark_problems,teacher_traces,rewritten_traces,verdicts,sft_dataset"
MATERIALIZE = ("dagster", "asset", "materialize", "--select")


@pytest.fixture(scope="module")
def student(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(save_tiny_base(tmp_path_factory.mktemp("student")))


@pytest.fixture(scope="module")
def data_made(student: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a shell in which the data set is made and the student is not."""
    made = Shell(tmp_path_factory.mktemp("data_made"), RECIPE)
    done = made.run(*MATERIALIZE, SFT, STUDENT=student)
    assert done.returncode == 0, done.stdout[-3000:]
    return made.folder


@pytest.fixture
def shell(data_made: Path, student: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A copy of that shell."""
    monkeypatch.setenv("STUDENT", student)
    return Shell.copy_of(data_made, tmp_path, RECIPE)


def weights(shell: Shell) -> Path:
    """Where the run's weights will be, once its job has begun."""
    (job,) = (shell.data / "small_student" / "weights").glob("*.training")
    return job.with_suffix("")


def has_taken(shell: Shell, number: int) -> bool:
    return any((shell.data / "small_student" / "weights").glob("*.training")) and len(steps(weights(shell))) >= number


def test_a_training_is_told_live_through_pipes_and_leaves_its_manifest(shell: Shell) -> None:
    done = shell.run(*MATERIALIZE, "checkpoint", SKYASSETS_RANKS="2", SKYASSETS_TRACKERS="tensorboard")
    assert done.returncode == 0, done.stdout[-3000:]
    rows = TableStore(shell.data / "small_student").read(CHECKPOINT)
    last = rows["step"].drop_nulls().max()
    assert f"checkpoint - step {last}/{last}: loss" in done.stdout
    facts = {row["entry"]: json.loads(row["fact"]) for row in rows.filter(kind="fact").iter_rows(named=True)}
    assert facts["fact:environment"]["ranks"] == facts["fact:plan"]["layout"]["ranks"] == 2
    assert facts["fact:environment"]["torch"]
    assert rows.filter(kind="step")["memory_gb"].min() > 0.1  # type: ignore[operator]
    assert list((weights(shell).with_suffix(".training") / "tensorboard").rglob("events.out.tfevents*"))
    files = rows.filter(kind="file")
    for row in files.iter_rows(named=True):
        done = subprocess.run(["sha256sum", weights(shell) / row["path"]], capture_output=True, text=True, check=True)
        assert done.stdout.split()[0] == row["sha256"]
    again = shell.run(*MATERIALIZE, "checkpoint", SKYASSETS_RANKS="1", SKYASSETS_ZERO="3")
    assert f"checkpoint: {rows.height} rows, unchanged" in again.stdout


def test_an_interrupted_training_takes_all_its_ranks_along_and_goes_on_later(shell: Shell) -> None:
    more = {"SKYASSETS_RANKS": "2", "SKYASSETS_SAVE_EVERY": "2", "EPOCHS": "30"}
    running = subprocess.Popen([*MATERIALIZE, "checkpoint"], cwd=ROOT, env=shell.environment(**more))
    wait_for(lambda: has_taken(shell, 5) or running.poll() is not None)
    ranks = ranks_of(weights(shell))
    assert len(ranks) == 2
    running.send_signal(signal.SIGINT)
    assert running.wait(60) != 0
    assert not any(Path(f"/proc/{rank}").exists() for rank in ranks)
    done = shell.run(*MATERIALIZE, "checkpoint", **more)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "resuming from the save of step" in done.stdout


@pytest.mark.browser
def test_a_run_cancelled_in_the_ui_ends_all_ranks(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SKYASSETS_RANKS": "2", "SKYASSETS_SAVE_EVERY": "5", "EPOCHS": "4000"}.items():
        monkeypatch.setenv(name, value)
    with dagster_dev(shell) as dagster, browser() as page:
        page.goto(f"{dagster.url}/assets/checkpoint")
        page.get_by_role("button", name="Materialize").first.click()
        wait_for(lambda: has_taken(shell, 3), seconds=180)
        ranks = ranks_of(weights(shell))
        assert len(ranks) == 2
        (run,) = [run for run in runs(dagster.url) if run["status"] == "STARTED"]
        page.goto(f"{dagster.url}/runs/{run['runId']}")
        page.get_by_text("tokens/s").first.wait_for()
        page.get_by_role("button", name="Terminate").first.click()
        page.get_by_role("dialog").get_by_role("button", name="Terminate").first.click()
        wait_for(lambda: not any(Path(f"/proc/{rank}").exists() for rank in ranks), seconds=60)
        page.get_by_text("Canceled", exact=True).first.wait_for()


def runs(url: str) -> list[dict[str, str]]:
    """The runs that the webserver tells of."""
    query = "{ runsOrError { ... on Runs { results { runId status } } } }"
    request = urllib.request.Request(
        f"{url}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return list(json.load(answer)["data"]["runsOrError"]["results"])


def test_a_planned_job_is_written_run_elsewhere_and_taken_without_training(shell: Shell) -> None:
    wrong = shell.run("skyassets", "plan", "--write", "--packing")
    assert wrong.returncode == 2
    assert "in the recipe instead" in " ".join(wrong.stdout.split())
    planned = shell.run("skyassets", "plan", "--write")
    assert planned.returncode == 0, planned.stdout
    job = weights(shell).with_suffix(".training")
    assert f"-m skyassets.engines.training.worker {job}" in planned.stdout
    assert not (job / "examples.jsonl").exists()
    subprocess.run(
        [sys.executable, "-m", "skyassets.engines.training.worker", str(job)], check=True, capture_output=True
    )
    done = shell.run(*MATERIALIZE, "checkpoint", SKYASSETS_RANKS="7000")  # nobody could train so, and nobody has to
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"taking the finished weights of {job}" in done.stdout
    rows = TableStore(shell.data / "small_student").read(CHECKPOINT)
    assert rows.filter(pl.col("kind") == "step").height > 0
