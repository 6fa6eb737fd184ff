"""The files that run a planned training elsewhere: they parse, and name a module and flags that are really there."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from free_port import free_port
from tiny_base import plan, save_tiny_base, sums, tokenizer

from skyassets.core.training.spec import Layout
from skyassets.engines.tokenizing.chat_tokenizer import ChatTokenizer
from skyassets.engines.tokenizing.token_file import write_examples
from skyassets.engines.training.job import JobFolder, TrainingJob

FOLDER = Path(__file__).parents[2] / "deploy" / "training"
SLURM, KUBERNETES, SKYPILOT = FOLDER / "slurm.sbatch", FOLDER / "kubernetes.yaml", FOLDER / "skypilot.yaml"
LAUNCH = re.compile(r"-m torch\.distributed\.run(?P<flags>.*?)-m (?P<module>[\w.]+)", re.DOTALL)


def service_and_job() -> tuple[dict[str, object], dict[str, object]]:
    service, job = yaml.safe_load_all(KUBERNETES.read_text())
    return service, job


def launches() -> dict[str, str]:
    """The shell text of each file."""
    sky = yaml.safe_load(SKYPILOT.read_text())
    pod = service_and_job()[1]["spec"]["template"]["spec"]["containers"][0]  # type: ignore[index]
    return {"slurm": SLURM.read_text(), "kubernetes": pod["command"][2], "skypilot": sky["run"]}


@pytest.fixture(scope="module")
def known_flags() -> set[str]:
    text = subprocess.check_output([sys.executable, "-m", "torch.distributed.run", "--help"], text=True)
    return set(re.findall(r"--[a-z][a-z-]*", text))


@pytest.mark.parametrize("where", ["slurm", "kubernetes", "skypilot"])
def test_the_launch_names_what_is_there(where: str, known_flags: set[str]) -> None:
    match = LAUNCH.search(launches()[where])
    assert match
    assert importlib.util.find_spec(match["module"])
    flags = set(re.findall(r"--[a-z-]+", match["flags"]))
    assert flags <= known_flags
    assert {"--nnodes", "--nproc-per-node", "--node-rank", "--master-addr", "--master-port"} <= flags


@pytest.mark.parametrize("where", ["slurm", "kubernetes", "skypilot"])
def test_the_shell_text_is_sound(where: str) -> None:
    done = subprocess.run(["bash", "-n"], input=launches()[where], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("where", ["slurm", "kubernetes"])
def test_the_launcher_is_told_where_it_stands(where: str, tmp_path: Path) -> None:
    """The text run for real, with a stand-in for Python and Slurm's commands that tell what they are given."""
    tells = '#!/usr/bin/env bash\nprintf \'%s\\n\' "$@" > "$TOLD"\n'
    commands = {
        "python": tells,
        "scontrol": "#!/bin/sh\necho node-a\necho node-b\n",
        "srun": '#!/bin/sh\nshift\nexec "$@"\n',
    }
    for name, text in commands.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    slurm = {"SLURM_JOB_NODELIST": "node-[a-b]", "SLURM_JOB_ID": "412345", "SLURM_NNODES": "2", "SLURM_NODEID": "1"}
    pod = {"NNODES": "2", "GPUS": "8", "JOB_COMPLETION_INDEX": "1", "MASTER_ADDR": "node-a", "MASTER_PORT": "22345"}
    environment = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "TOLD": str(tmp_path / "told"),
        "PYTHON": str(tmp_path / "python"),
    }
    environment |= slurm | {"SLURM_GPUS_ON_NODE": "8"} if where == "slurm" else pod
    job = tmp_path / "a job"
    job.mkdir()
    handed = [str(job), "base"] if where == "slurm" else [str(job), "--base", "base"]
    done = subprocess.run(
        [str(shutil.which("bash")), "-c", launches()[where], "node", *handed],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    arguments = (tmp_path / "told").read_text().splitlines()
    assert arguments[:2] == ["-m", "torch.distributed.run"]
    assert set(arguments[2:7]) == {
        "--nnodes=2", "--nproc-per-node=8", "--node-rank=1", "--master-addr=node-a", "--master-port=22345",
    }  # fmt: skip
    assert arguments[7:] == ["-m", "skyassets.engines.training.worker", str(job), "--base", "base"]


@pytest.mark.real
def test_two_nodes_train_one_model(tmp_path: Path) -> None:
    """Two pods, by the file's own text, on one machine: each starts one rank, and they find each other."""
    base = save_tiny_base(tmp_path / "base")
    job = JobFolder(tmp_path / "job")
    planned = plan(base, 12, Layout(ranks=2, nodes=2, micro_batch=2), epochs=1)
    job.write(TrainingJob(planned, base))
    chat = ChatTokenizer(tokenizer())
    write_examples(job.tokens, map(chat.encode, sums(12)), planned.training.cutoff)
    launch = launches()["kubernetes"].replace("exec python ", f"exec {sys.executable} ")
    shared = {"NNODES": "2", "GPUS": "1", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port())}
    pods = [
        subprocess.Popen(
            ["bash", "-c", launch, "node", str(job.path), "--base", str(base)],
            env=os.environ | shared | {"JOB_COMPLETION_INDEX": str(number), "OMP_NUM_THREADS": "1"},
        )
        for number in (0, 1)
    ]
    assert [pod.wait() for pod in pods] == [0, 0]
    assert [step.step for step in job.read_curve()] == list(range(1, planned.steps + 1))
    assert json.loads(job.finished.read_text())["ranks"] == 2
    assert (job.model / "model.safetensors").is_file()


def test_slurm_says_what_it_is_missing() -> None:
    done = subprocess.run(["bash", str(SLURM)], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "no job folder given" in done.stderr


def test_each_pod_finds_the_first_one() -> None:
    service, job = service_and_job()
    text = json.dumps(job)
    name = job["metadata"]["name"]  # type: ignore[index]
    assert service["spec"]["selector"] == {"job-name": name}  # type: ignore[index]
    assert f'"subdomain": "{service["metadata"]["name"]}"' in text  # type: ignore[index]
    assert f'"value": "{name}-0.{service["metadata"]["name"]}"' in text  # type: ignore[index]
    assert '"restartPolicy": "OnFailure"' in text


def test_the_page_names_every_file() -> None:
    page = (FOLDER / "README.md").read_text()
    assert all(path.name in page for path in FOLDER.iterdir() if path.name != "README.md")
