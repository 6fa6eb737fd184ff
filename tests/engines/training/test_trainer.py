"""Real DeepSpeed in real processes, on a model of a few thousand weights."""

import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from engines.trainings import EXAMPLES, killed_after, of_run, started, wait_for
from tiny_base import ALONE, plan, save_tiny_base, sums

from skyassets.core.errors import TrainerError
from skyassets.core.files import locked
from skyassets.core.ports import Model, Step
from skyassets.core.training.spec import Layout, Lora, TrainPlan
from skyassets.engines.training.checkpoint_folder import CheckpointFolder
from skyassets.engines.training.job import JobFolder, TrainingJob
from skyassets.engines.training.trainer import DeepSpeedTrainer, check_disk

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
    curve = trainer(folder).train(asked, sums(EXAMPLES), folder, said.append)
    return folder, curve, said


def trainer(folder: Path) -> DeepSpeedTrainer:
    return DeepSpeedTrainer(folder.parent / "models", threads=1)


def test_importing_the_trainer_loads_nothing_heavy() -> None:
    program = f"import sys, skyassets.engines.training.trainer; print([n for n in {HEAVY} if n in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).strip() == "[]"


def test_without_a_base_nothing_starts(asked: TrainPlan, tmp_path: Path) -> None:
    lost = replace(asked, training=replace(asked.training, base=Model(str(tmp_path / "nowhere"), "x")))
    with pytest.raises(TrainerError, match="nowhere"):
        trainer(tmp_path / "student").train(lost, sums(EXAMPLES), tmp_path / "student", print)


def test_a_second_training_waits_for_the_first(asked: TrainPlan, tmp_path: Path) -> None:
    lost = replace(asked, training=replace(asked.training, base=Model(str(tmp_path / "nowhere"), "x")))
    said: list[str] = []

    def second() -> None:
        with pytest.raises(TrainerError, match="nowhere"):
            trainer(tmp_path / "student").train(lost, sums(EXAMPLES), tmp_path / "student", said.append)

    waiting = threading.Thread(target=second)
    with locked(tmp_path / ".training.lock", print):
        waiting.start()
        wait_for(lambda: said, seconds=10)
        assert waiting.is_alive()
    waiting.join(10)
    assert "waiting for it to finish" in said[0]


@pytest.mark.real
def test_too_small_a_disk_is_told_before_anything_starts(asked: TrainPlan, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"needs 1000000000.0 GB .*SKYASSETS_SAVES_KEPT"):
        trainer(tmp_path / "student").train(replace(asked, disk_gb=1e9), sums(EXAMPLES), tmp_path / "student", print)
    assert not (tmp_path / "student.training" / "log.txt").exists()


def finished_job(base: Path, folder: Path) -> tuple[TrainPlan, JobFolder]:
    """A job of one step whose weights wait to be taken."""
    asked = plan(base, 1, epochs=1)
    job = JobFolder.beside(folder)
    job.write(TrainingJob(asked, base))
    job.write_curve([Step(1, 1.0, 1.0, 0.1, 1.0, 9, 0.1)])
    job.finished.write_text("{}")
    shutil.copytree(base, job.model)
    return asked, job


def test_a_kill_between_the_end_of_training_and_its_record_loses_nothing(base: Path, tmp_path: Path) -> None:
    weights = CheckpointFolder(tmp_path / "weights")
    asked, job = finished_job(base, weights.folder / "run")
    job.model.replace(weights.folder / "run")  # and there it was killed
    said: list[str] = []
    run = weights.train(trainer(weights.folder / "run"), lambda: asked, sums(1), "run", said.append)
    assert [step.loss for step in run.curve] == [1.0]
    assert said == [f"taking the finished weights of {job.path}"]
    assert weights.damage("run") == ""


def test_what_was_harmed_after_its_record_is_not_taken_for_finished(base: Path, tmp_path: Path) -> None:
    weights = CheckpointFolder(tmp_path / "weights")
    asked, job = finished_job(base, weights.folder / "run")
    weights.train(trainer(weights.folder / "run"), lambda: asked, sums(1), "run", print)
    (weights.folder / "run" / "model.safetensors").write_bytes(b"harmed")
    lost = replace(asked, training=replace(asked.training, base=Model(str(tmp_path / "nowhere"), "x")))
    with pytest.raises(TrainerError, match="nowhere"):
        weights.train(trainer(weights.folder / "run"), lambda: lost, sums(1), "run", print)
    assert not job.finished.exists()


def test_weights_without_their_whole_curve_are_not_taken(base: Path, tmp_path: Path) -> None:
    asked, job = finished_job(base, tmp_path / "student")
    job.write_curve([])
    with pytest.raises(TrainerError, match="has 0 steps, but the plan has 1; copy the whole curve"):
        trainer(tmp_path / "student").train(asked, sums(1), tmp_path / "student", print)
    assert (job.model / "config.json").is_file()


def test_a_job_that_is_being_trained_is_left_alone(base: Path, tmp_path: Path) -> None:
    job = JobFolder(tmp_path / "job")
    with job.alone(), pytest.raises(TrainerError, match="is already being trained by process"):
        trainer(tmp_path / "student").prepare(plan(base, 1), sums(1), job)
    assert not (job.path / "job.json").exists()


def test_what_a_runs_own_saves_take_counts_as_free(base: Path, tmp_path: Path) -> None:
    job = JobFolder(tmp_path / "job")
    save = job.saves.at(2)
    save.mkdir(parents=True)
    with (save / "state.pt").open("wb") as file:
        file.truncate(10**12)  # a file of holes: it says a terabyte and takes none
    job.saves.finish(2, 1, 1)
    free = shutil.disk_usage(tmp_path).free / 1e9
    check_disk(replace(plan(base, 1), disk_gb=free + 900), job)
    with pytest.raises(TrainerError, match="GB are free or its own"):
        check_disk(replace(plan(base, 1), disk_gb=free + 1100), job)


@pytest.mark.real
def test_the_loss_falls(trained: tuple[Path, list[Step], list[str]], asked: TrainPlan) -> None:
    _, curve, said = trained
    assert [step.step for step in curve] == list(range(1, asked.steps + 1))
    assert curve[-1].loss < 0.6 * curve[0].loss
    assert curve[-1].epoch == asked.training.epochs
    assert max(step.learning_rate for step in curve) == asked.training.learning_rate
    first, second = curve[: asked.steps // 2], curve[asked.steps // 2 :]
    assert sum(step.tokens for step in first) == sum(step.tokens for step in second)
    assert all(step.memory_gb and step.memory_gb > 0.1 for step in curve)
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


@pytest.mark.real
def test_what_only_a_run_that_goes_on_would_need_is_gone(trained: tuple[Path, list[Step], list[str]]) -> None:
    folder, _, _ = trained
    left = {path.name for path in (folder.parent / "student.training").iterdir()} - {".running"}
    assert left == {"job.json", "arguments.json", "deepspeed.json", "curve.jsonl", "log.txt", "finished.json"}


@pytest.mark.real
@pytest.mark.parametrize("stage", [0, 2, 3])
def test_two_ranks_and_every_zero_stage_take_the_same_steps(
    stage: int, trained: tuple[Path, list[Step], list[str]], base: Path, tmp_path: Path
) -> None:
    from transformers import AutoModelForCausalLM

    layout = Layout(ranks=2, micro_batch=3, zero_stage=stage, recompute=stage == 3)
    folder = tmp_path / "student"
    spread = trainer(folder).train(plan(base, EXAMPLES, layout), sums(EXAMPLES), folder, print)
    assert [step.tokens for step in spread] == [step.tokens for step in trained[1]]
    assert [step.loss for step in spread] == pytest.approx([step.loss for step in trained[1]], rel=0.01)
    ours, theirs = (AutoModelForCausalLM.from_pretrained(each).float().state_dict() for each in (folder, trained[0]))
    assert ours.keys() == theirs.keys()
    # Attention does not change with the keys' bias: its gradient is rounding, of which Adam makes whole steps.
    compared = [name for name in theirs if not name.endswith("k_proj.bias")]
    apart = sum((theirs[name] - ours[name]).square().sum().item() for name in compared)
    assert apart < 0.02**2 * sum(theirs[name].square().sum().item() for name in compared)


@pytest.mark.real
def test_zero_3_is_put_together_as_deepspeeds_own_tool_does(base: Path, tmp_path: Path) -> None:
    import torch
    from deepspeed.utils.zero_to_fp32 import get_fp32_state_dict_from_zero_checkpoint
    from safetensors.torch import load_file

    asked = plan(base, EXAMPLES, Layout(ranks=2, zero_stage=3))
    job = JobFolder.beside(tmp_path / "student")
    maker = trainer(tmp_path / "student")
    maker.prepare(asked, sums(EXAMPLES), job)
    subprocess.run(maker.command(asked, job), check=True)
    saved = get_fp32_state_dict_from_zero_checkpoint(str(job.saves.latest().path))  # type: ignore[union-attr]
    for name, weights in load_file(job.model / "model.safetensors").items():
        torch.testing.assert_close(weights, saved[name].to(torch.bfloat16), rtol=0, atol=0, msg=name)


@pytest.mark.real
def test_ranks_that_share_each_example_take_the_steps_of_one_that_has_it_alone(base: Path, tmp_path: Path) -> None:
    shared, alone = tmp_path / "shared", tmp_path / "alone"
    layout = Layout(ranks=2, zero_stage=3, sequence_parallel=2, micro_batch=1)
    killed_after(5, started(base, shared, f"dict(layout={layout}, saving=Saving(every=2), precision='fp32')"), shared)
    curves = [
        trainer(folder).train(plan(base, EXAMPLES, spread, precision="fp32"), sums(EXAMPLES), folder, print)
        for folder, spread in ((shared, layout), (alone, ALONE))
    ]
    for measure in ("loss", "grad_norm"):
        ours, theirs = ([getattr(step, measure) for step in curve] for curve in curves)
        assert ours == pytest.approx(theirs, rel=1e-4), measure


@pytest.mark.real
def test_what_a_run_elsewhere_finished_is_taken_without_training(base: Path, tmp_path: Path) -> None:
    asked = plan(base, EXAMPLES)
    folder = tmp_path / "student"
    maker, job = trainer(folder), JobFolder.beside(folder)
    maker.prepare(asked, sums(EXAMPLES), job)
    moved = (tmp_path / "elsewhere").absolute()
    job.path.rename(moved)
    there = job.read_job if job.path.exists() else JobFolder(moved).read_job
    assert there().plan == asked
    run = [sys.executable, "-m", "skyassets.engines.training.worker", str(moved), "--base", str(base)]
    subprocess.run(run, check=True, capture_output=True)
    moved.rename(job.path)
    job.log.unlink(missing_ok=True)
    said: list[str] = []
    curve = maker.train(asked, sums(EXAMPLES), folder, said.append)
    assert len(curve) == asked.steps
    assert (folder / "model.safetensors").is_file()
    assert not job.log.exists()
    assert said == [f"taking the finished weights of {job.path}"]


@pytest.mark.real
@pytest.mark.parametrize("stage", [1, 3])
def test_merged_adapters_answer_as_base_and_adapter_do(stage: int, base: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    lora = Lora(rank=4, alpha=8)
    asked = plan(
        base, EXAMPLES, Layout(ranks=stage // 3 + 1, zero_stage=stage), lora=lora, precision="fp32", learning_rate=0.1
    )
    folder = tmp_path / "student"
    curve = trainer(folder).train(asked, sums(EXAMPLES), folder, print)
    assert curve[-1].loss < curve[0].loss - 0.15
    assert str(tmp_path) not in (folder / "adapter" / "adapter_config.json").read_text()
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    words = AutoTokenizer.from_pretrained(folder)("What is 3 + 3?", return_tensors="pt")["input_ids"]
    untrained = plain(words).logits
    adapted = PeftModel.from_pretrained(plain, str(folder / "adapter"))
    merged = AutoModelForCausalLM.from_pretrained(folder)
    assert merged.dtype == torch.float32
    torch.testing.assert_close(merged(words).logits, adapted(words).logits, rtol=1e-4, atol=1e-4)
    assert (merged(words).logits - untrained).abs().max() > 0.1


@pytest.mark.real
def test_a_run_on_packs_takes_the_steps_of_the_same_examples_unpacked(base: Path, tmp_path: Path) -> None:
    """All examples in every step, so that both kinds of steps are made of the same ones."""
    curves = []
    for name, packing in (("packed", True), ("unpacked", False)):
        asked = plan(base, EXAMPLES, packing=packing, global_batch=EXAMPLES, precision="fp32", epochs=6)
        curves.append(trainer(tmp_path / name).train(asked, sums(EXAMPLES), tmp_path / name, print))
    packed, unpacked = curves
    assert len(packed) == 6
    for measure in ("loss", "grad_norm"):
        ours, theirs = ([getattr(step, measure) for step in curve] for curve in (packed, unpacked))
        assert ours == pytest.approx(theirs, rel=1e-3), measure


@pytest.mark.real
def test_a_broken_base_is_told_with_the_end_of_the_log(base: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in base.iterdir():
        (broken / path.name).write_bytes(path.read_bytes()[: None if path.suffix != ".safetensors" else 999])
    with pytest.raises(TrainerError, match=r"(?s)after 0 of 12 steps, exit status 1.*log\.txt.*SafetensorError"):
        trainer(tmp_path / "student").train(plan(broken, EXAMPLES), sums(EXAMPLES), tmp_path / "student", print)


@pytest.mark.real
@pytest.mark.parametrize("ranks", [1, 2])
def test_no_process_outlives_its_trainer(ranks: int, base: Path, tmp_path: Path) -> None:
    folder = tmp_path / "student"
    training = started(base, folder, f"dict(layout=Layout(ranks={ranks}), saving=Saving(every=9999), epochs=5000)")
    killed_after(1, training, folder)
    assert of_run(folder) == []
