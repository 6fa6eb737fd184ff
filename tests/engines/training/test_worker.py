"""The job's folder: what is written there is what is read, and what cannot be trained is told in a sentence."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_base import Layout, plan, save_tiny_base, sums

from skyassets.core.errors import TrainerError
from skyassets.engines.training.job import JobFolder, TrainingJob
from skyassets.engines.training.trainer import DeepSpeedTrainer


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_base(tmp_path_factory.mktemp("base"))


def test_a_job_survives_writing(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path / "job")
    asked = TrainingJob(plan(tmp_path, 9, Layout(ranks=2, zero_stage=3)), tmp_path / "base", "alike", ("tensorboard",))
    folder.write(asked)
    assert (folder.read_job(), folder.read_curve(), folder.is_done) == (asked, [], False)
    assert (folder.path / "deepspeed.json").read_text() == asked.plan.files["deepspeed.json"]


def test_a_folder_without_a_job_is_told(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"holds no job .*skyassets plan --write"):
        JobFolder(tmp_path).read_job()


def test_a_step_half_written_waits(tmp_path: Path) -> None:
    folder = JobFolder(tmp_path)
    line = (
        '{"step": 1, "epoch": 1, "loss": 1, "learning_rate": 1, "grad_norm": 1, "tokens": 1, "seconds": 1, '
        '"mfu": null, "memory_gb": 1}\n'
    )
    folder.curve.write_text(line + line[:20])
    assert [step.step for step in folder.read_curve()] == [1]


@pytest.mark.real
def test_an_example_above_the_cutoff_is_an_error_and_never_cut(base: Path, tmp_path: Path) -> None:
    asked = plan(base, 9, cutoff=10)
    with pytest.raises(TrainerError, match=r"example sum-\d has \d+ tokens, more than the cutoff of 10"):
        DeepSpeedTrainer(tmp_path / "models").prepare(asked, sums(9), JobFolder(tmp_path / "job"))
    assert not (tmp_path / "job" / "tokens.arrow").exists()


def ran(job: JobFolder, *more: str) -> str:
    """What a run of the job gave up for."""
    run = [sys.executable, "-m", "skyassets.engines.training.worker", str(job.path), *more]
    assert subprocess.run(run, capture_output=True, check=False).returncode == 1
    return job.failure.read_text()


@pytest.mark.real
def test_a_plan_of_other_examples_is_told(base: Path, tmp_path: Path) -> None:
    job = JobFolder(tmp_path / "job")
    DeepSpeedTrainer(tmp_path / "models").prepare(plan(base, 99), sums(9), job)
    assert "the plan says 26 steps, but 9 examples x 2 epochs at 8 a step make 4" in ran(job)


@pytest.mark.real
def test_another_number_of_ranks_than_planned_is_told(base: Path, tmp_path: Path) -> None:
    job = JobFolder(tmp_path / "job")
    DeepSpeedTrainer(tmp_path / "models").prepare(plan(base, 9, Layout(ranks=2)), sums(9), job)
    assert "the plan is for 2 ranks and the launcher started 1" in ran(job)


@pytest.mark.real
def test_a_base_that_is_not_there_is_told_with_what_to_say(base: Path, tmp_path: Path) -> None:
    job = JobFolder(tmp_path / "job")
    DeepSpeedTrainer(tmp_path / "models").prepare(plan(base, 9), sums(9), job)
    assert "say where with --base FOLDER" in ran(job, "--base", str(tmp_path / "nowhere"))
    other = shutil.copytree(base, tmp_path / "other")
    (other / "chat_template.jinja").write_text("{{ messages }}")
    assert "is not the base that the job was planned for" in ran(job, "--base", str(other))
