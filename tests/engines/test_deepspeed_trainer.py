"""Real DeepSpeed in real processes, on a model of a few thousand weights."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tiny_base import plan, save_tiny_base, sums

from skyassets.core.errors import TrainerError
from skyassets.core.ports import Model, Step, TrainPlan
from skyassets.engines.deepspeed_trainer import DeepSpeedTrainer

EXAMPLES = 44
HEAVY = ("torch", "transformers", "deepspeed", "huggingface_hub")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def asked(base: Path) -> TrainPlan:
    return plan(base, EXAMPLES)


@pytest.fixture(scope="module")
def trained(asked: TrainPlan, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Step], list[str]]:
    folder = tmp_path_factory.mktemp("run") / "student"
    said: list[str] = []
    curve = DeepSpeedTrainer(folder.parent, threads=1).train(asked, sums(EXAMPLES), folder, said.append)
    return folder, curve, said


def test_importing_the_trainer_loads_nothing_heavy() -> None:
    program = f"import sys, skyassets.engines.deepspeed_trainer; print([n for n in {HEAVY} if n in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_without_a_base_nothing_starts(asked: TrainPlan, tmp_path: Path) -> None:
    lost = replace(asked, base=Model(str(tmp_path / "nowhere"), "x"))
    with pytest.raises(TrainerError, match="nowhere"):
        DeepSpeedTrainer(tmp_path).train(lost, sums(EXAMPLES), tmp_path / "student", print)


@pytest.mark.real
def test_the_loss_falls(trained: tuple[Path, list[Step], list[str]], asked: TrainPlan) -> None:
    _, curve, said = trained
    assert [step.step for step in curve] == list(range(1, asked.steps + 1))
    assert curve[-1].loss < 0.6 * curve[0].loss
    assert curve[-1].epoch == asked.epochs
    assert max(step.learning_rate for step in curve) == asked.learning_rate
    assert sum(step.tokens for step in curve[: asked.steps // 2]) == sum(
        step.tokens for step in curve[asked.steps // 2 :]
    )
    assert any(line.startswith(f"step {asked.steps}/{asked.steps}: loss {curve[-1].loss:.4f}, ") for line in said)


@pytest.mark.real
def test_the_folder_is_standard(trained: tuple[Path, list[Step], list[str]], base: Path) -> None:
    import torch
    from safetensors import safe_open
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder, _, _ = trained
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json"):
        assert (folder / name).read_bytes() == (base / name).read_bytes()
    assert AutoTokenizer.from_pretrained(folder).chat_template
    assert AutoModelForCausalLM.from_pretrained(folder).dtype == torch.bfloat16
    with safe_open(folder / "model.safetensors", "pt") as new, safe_open(base / "model.safetensors", "pt") as old:
        assert set(new.keys()) == set(old.keys())
        assert not torch.equal(new.get_tensor("model.norm.weight"), old.get_tensor("model.norm.weight"))
    assert sorted(path.name for path in folder.parent.iterdir()) == ["student", "student.training"]


@pytest.mark.real
def test_the_same_seed_makes_the_same_weights(
    trained: tuple[Path, list[Step], list[str]], asked: TrainPlan, tmp_path: Path
) -> None:
    folder, curve, _ = trained
    (tmp_path / "student").mkdir()
    (tmp_path / "student" / "old.txt").touch()
    again = DeepSpeedTrainer(tmp_path, threads=1).train(asked, sums(EXAMPLES), tmp_path / "student", print)
    assert (tmp_path / "student" / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()
    assert [step.loss for step in again] == [step.loss for step in curve]
    assert not (tmp_path / "student" / "old.txt").exists()


@pytest.mark.real
def test_two_ranks_and_zero_3_take_the_same_steps(
    trained: tuple[Path, list[Step], list[str]], asked: TrainPlan, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    _, curve, _ = trained
    trainer = DeepSpeedTrainer(tmp_path, ranks=2, micro_batch=3, threads=1, recompute=True)
    spread = trainer.train(replace(asked, zero_stage=3), sums(EXAMPLES), tmp_path / "student", print)
    assert [step.tokens for step in spread] == [step.tokens for step in curve]
    assert [step.loss for step in spread] == pytest.approx([step.loss for step in curve], rel=0.05)
    assert AutoModelForCausalLM.from_pretrained(tmp_path / "student").num_parameters() > 0


@pytest.mark.real
def test_a_loss_that_is_not_finite_stops_the_run(asked: TrainPlan, tmp_path: Path) -> None:
    with pytest.raises(
        TrainerError, match=r"(?s)after \d of 12 steps: step \d has .* not finite; lower the learning rate"
    ):
        DeepSpeedTrainer(tmp_path, threads=1).train(
            replace(asked, learning_rate=1e30, precision="fp32"), sums(EXAMPLES), tmp_path / "student", print
        )
    assert not (tmp_path / "student").exists()


@pytest.mark.real
def test_a_broken_base_is_told_with_the_end_of_the_log(asked: TrainPlan, base: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in base.iterdir():
        (broken / path.name).write_bytes(path.read_bytes()[: None if path.suffix != ".safetensors" else 999])
    with pytest.raises(TrainerError, match=r"(?s)after 0 of 12 steps, exit status 1.*log\.txt.*SafetensorError"):
        DeepSpeedTrainer(tmp_path, ranks=1, threads=1).train(
            replace(asked, base=Model(str(broken), "x")), sums(EXAMPLES), tmp_path / "student", print
        )


@pytest.mark.real
@pytest.mark.parametrize("ranks", [1, 2])
def test_no_process_outlives_its_trainer(ranks: int, asked: TrainPlan, tmp_path: Path) -> None:
    program = f"""
import json, sys
from pathlib import Path
from tiny_base import plan, sums
from skyassets.engines.deepspeed_trainer import DeepSpeedTrainer
asked = plan(Path({asked.base.name!r}), {EXAMPLES}, epochs=5000)
trainer = DeepSpeedTrainer(Path(), ranks={ranks}, threads=1)
trainer.train(asked, sums({EXAMPLES}), Path({str(tmp_path)!r}) / "student", print)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", program], env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    )
    curve = tmp_path / "student.training" / "curve.jsonl"
    deadline = time.monotonic() + 120
    while not (curve.is_file() and curve.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert len(of_run(tmp_path)) > ranks
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    while of_run(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert of_run(tmp_path) == []
    assert json.loads(curve.read_text().splitlines()[0])["step"] == 1


def of_run(folder: Path) -> list[str]:
    """The command lines of the processes that work in `folder`."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError):
            continue
    return [line for line in lines if "training_run" in line and str(folder) in line]
