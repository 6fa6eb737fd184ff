"""What a training survives: a kill at any step, another number of ranks, a full disk, a bad loss, a lost rank."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from engines.trainings import EXAMPLES, TRAIN, killed_after, ranks_of, started, steps, wait_for
from tiny_base import ALONE, plan, save_tiny_base, sums

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Step
from skyassets.core.training.spec import Layout, Saving
from skyassets.engines.training.job import JobFolder
from skyassets.engines.training.saves import Saves
from skyassets.engines.training.trainer import DeepSpeedTrainer

pytestmark = pytest.mark.real
OFTEN = Saving(every=2, keep=2)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def whole(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Step]]:
    """A run that nobody disturbed."""
    folder = tmp_path_factory.mktemp("whole") / "student"
    return folder, trained(base, folder)


@pytest.fixture(scope="module")
def killed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run that was killed after its fifth step. To be copied."""
    made = tmp_path_factory.mktemp("killed")
    killed_after(5, started(base, made / "student", "dict(saving=Saving(every=2, keep=2))"), made / "student")
    return made


def trained(base: Path, folder: Path, layout: Layout = ALONE, saving: Saving = OFTEN) -> list[Step]:
    trainer = DeepSpeedTrainer(folder.parent / "models", threads=1)
    return trainer.train(plan(base, EXAMPLES, layout, saving), sums(EXAMPLES), folder, print)


def what_was_learned(curve: list[Step]) -> list[tuple[float, ...]]:
    return [(step.step, step.epoch, step.loss, step.learning_rate, step.grad_norm, step.tokens) for step in curve]


@pytest.mark.parametrize("step", [1, 5, 11])
def test_a_killed_run_goes_on_to_the_same_curve_and_the_same_weights_bit_by_bit(
    step: int, base: Path, whole: tuple[Path, list[Step]], killed: Path, tmp_path: Path
) -> None:
    folder, curve = tmp_path / "student", whole[1]
    if step == 5:
        shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    else:
        killed_after(step, started(base, folder, "dict(saving=Saving(every=2, keep=2))"), folder)
    assert not (folder / "config.json").exists()
    assert what_was_learned(trained(base, folder)) == what_was_learned(curve)
    assert (folder / "model.safetensors").read_bytes() == (whole[0] / "model.safetensors").read_bytes()


@pytest.mark.parametrize("stage", [1, 3])
def test_a_run_goes_on_with_another_number_of_ranks_on_the_same_data(
    stage: int, base: Path, whole: tuple[Path, list[Step]], tmp_path: Path
) -> None:
    folder, curve = tmp_path / "student", whole[1]
    choices = f"dict(layout=Layout(ranks=2, zero_stage={stage}), saving=Saving(every=2, keep=2))"
    killed_after(5, started(base, folder, choices), folder)
    gone_on = trained(base, folder, Layout(ranks=1, zero_stage=stage))
    assert [step.tokens for step in gone_on] == [step.tokens for step in curve]
    assert [step.loss for step in gone_on] == pytest.approx([step.loss for step in curve], rel=0.01)


def test_between_zero_3_and_the_others_a_save_is_refused_with_what_to_do(
    base: Path, killed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "student"
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    with pytest.raises(TrainerError, match="SKYASSETS_ZERO=1, or delete"):
        trained(base, folder, Layout(zero_stage=3))
    assert JobFolder.beside(folder).saves.latest() is not None


def test_a_bad_loss_stops_the_run_and_keeps_the_last_save(base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "student"
    asked = plan(base, EXAMPLES, saving=Saving(every=1), learning_rate=1e30, precision="fp32")
    with pytest.raises(
        TrainerError, match=r"(?s)step \d has .* not finite; lower the .* resumes from the save of step"
    ):
        DeepSpeedTrainer(tmp_path / "models", threads=1).train(asked, sums(EXAMPLES), folder, print)
    assert not folder.exists()


def test_a_lost_rank_ends_the_run_is_named_and_the_next_one_goes_on(
    base: Path, whole: tuple[Path, list[Step]], tmp_path: Path
) -> None:
    folder = tmp_path / "student"
    run = started(base, folder, "dict(layout=Layout(ranks=2), saving=Saving(every=2, keep=2))")
    wait_for(lambda: len(steps(folder)) >= 4 or run.poll() is not None)
    os.kill(ranks_of(folder)[1], signal.SIGKILL)
    said, _ = run.communicate(timeout=120)
    assert run.returncode != 0
    assert "rank 1 was ended by signal 9" in said
    assert "the next run resumes from the save of step" in said
    gone_on = trained(base, folder, Layout(ranks=2))
    assert [step.loss for step in gone_on] == pytest.approx([step.loss for step in whole[1]], rel=0.01)


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap to make a small disk")
def test_a_full_disk_stops_the_run_says_so_and_keeps_the_last_save(base: Path, tmp_path: Path) -> None:
    small, log = tmp_path / "small", tmp_path / "log.txt"
    small.mkdir()
    # What lies on the small disk is gone with it: a copy is taken whatever comes of the training.
    job, left = str(small / "student.training"), str(tmp_path / "left")
    program = f"import atexit, shutil\natexit.register(shutil.copytree, {job!r}, {left!r})\n{TRAIN}"
    disk = ["bwrap", "--dev-bind", "/", "/", "--size", "1400000", "--tmpfs", str(small)]
    choices = "dict(saving=Saving(every=1, keep=9))"
    with log.open("w") as file:
        subprocess.run(
            [*disk, sys.executable, "-c", program, str(base), str(small / "student"), choices],
            stdout=file,
            stderr=file,
            check=False,
        )
    assert "is full; free some space and start again: the last save is whole" in log.read_text()
    saves = Saves(tmp_path / "left" / "saves")
    assert saves.latest() is not None
    assert saves.unfinished() == []
