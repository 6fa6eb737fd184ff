"""What set-up, the package and the hosted checks say about themselves agrees."""

import fcntl
import re
import runpy
import shlex
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from skyassets.core import hints

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETUP = (ROOT / "deploy/setup.sh").read_text()


PATH = f"{Path(sys.executable).parent}:/usr/bin:/bin"
DATABASES = ("history/runs.db", "history/runs/index.db", "schedules/schedules.db")
"""Of a Dagster home."""


def sourced(command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`command` in a shell that has read deploy/setup.sh."""
    return subprocess.run(
        ["bash", "-c", f"source deploy/setup.sh; {command}"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("script", sorted((ROOT / "deploy").glob("*.sh")), ids=lambda script: script.name)
def test_every_script_can_be_read_by_bash(script: Path) -> None:
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_setup_the_package_and_the_workflow_name_the_same_pythons() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text()
    tested = re.findall(r"3\.\d+", re.search(r"python: \[(.*)\]", workflow)[1])  # type: ignore[index]
    assert f"{' | '.join(tested)})" in SETUP
    first, last = (int(version.partition(".")[2]) for version in (tested[0], tested[-1]))
    assert PROJECT["project"]["requires-python"] == f">=3.{first},<3.{last + 1}"


def test_an_unsuitable_python_is_named_with_what_to_do() -> None:
    done = sourced("find_python", PYTHON="/nowhere/python")
    assert done.returncode == 1
    assert "3.11, 3.12 or 3.13" in done.stderr
    assert "/nowhere/python" in done.stderr
    assert "PYTHON=" in done.stderr


def test_an_environment_is_rebuilt_for_another_python() -> None:
    states = {sourced(f"version={version}; state").stdout for version in ("3.11", "3.12")}
    assert len(states) == 2
    assert states == {sourced(f"version={version}; state").stdout for version in ("3.11", "3.12")}


def test_every_file_of_the_package_goes_into_the_wheel() -> None:
    patterns = PROJECT["tool"]["setuptools"]["package-data"]["*"]
    files = [
        path
        for path in (ROOT / "skyassets").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyi") and path.parent.name != "__pycache__"
    ]
    assert files
    assert not [path for path in files if not any(path.match(pattern) for pattern in patterns)]
    assert not [path for path in files if not (path.parent / "__init__.py").is_file()]


def test_pytorch_index_is_the_same_everywhere() -> None:
    index = {each["name"]: each["url"] for each in PROJECT["tool"]["uv"]["index"]}["pytorch-cpu"]
    assert index == hints.PYTORCH_CPU
    assert f"SKYASSETS_TORCH_INDEX:-{index}}}" in SETUP


def test_the_hint_names_the_checkouts_own_script() -> None:
    command, script = shlex.split(hints.prepare_shell(ROOT / "data"))
    assert command == "source"
    assert Path(script).resolve() == ROOT / "deploy/shell.sh"


def test_shells_that_start_together_create_dagsters_databases_once(tmp_path: Path) -> None:
    environment = {"PATH": PATH, "DAGSTER_HOME": str(tmp_path)}
    command = ["bash", "-c", "source deploy/shell.sh"]
    with (tmp_path / ".prepared").open("a") as mark:  # both wait for the one that creates them, until it is gone
        fcntl.flock(mark, fcntl.LOCK_EX)
        shells = [subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE) for _ in range(2)]
        time.sleep(0.5)
        assert not any((tmp_path / name).exists() for name in DATABASES)
    assert [(shell.communicate(timeout=60)[1], shell.returncode) for shell in shells] == [(b"", 0)] * 2
    assert all((tmp_path / name).is_file() for name in DATABASES)
    assert len((tmp_path / ".prepared").read_text().splitlines()) == 1


def test_a_shell_without_dagster_is_prepared_too(tmp_path: Path) -> None:
    bare = {"PATH": "/usr/bin:/bin", "DAGSTER_HOME": str(tmp_path)}
    done = subprocess.run(
        ["bash", "-ec", f"cp -r {ROOT}/deploy {tmp_path}/deploy && source {tmp_path}/deploy/shell.sh"],
        env=bare,
        check=False,
    )
    assert (done.returncode, (tmp_path / ".prepared").exists()) == (0, False)


def test_the_hint_of_an_installed_package_pins_the_data_folder_too(tmp_path: Path) -> None:
    """An installed package has no `deploy/`, as this copy of the module."""
    installed = tmp_path / "site-packages" / "skyassets" / "core" / "hints.py"
    installed.parent.mkdir(parents=True)
    shutil.copy(hints.__file__, installed)
    data = tmp_path / "my data"
    there = runpy.run_path(str(installed))
    command = f"{there['prepare_shell'](data)} && cd / && echo $SKYASSETS_DATA $DAGSTER_HOME"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, env={"PATH": PATH}, capture_output=True, check=False)
    assert done.stdout.decode().strip() == f"{data} {data}/dagster"
    assert [(data / "dagster" / name).is_file() for name in DATABASES] == [True] * len(DATABASES)
    prepared = {"DAGSTER_HOME": "/x", "SKYASSETS_DATA": "/y"}
    assert there["open_ui"](data, prepared).startswith("dagster dev")
    assert there["open_ui"](data, {"DAGSTER_HOME": "/x"}).startswith("mkdir -p ")
