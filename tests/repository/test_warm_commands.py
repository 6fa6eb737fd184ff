"""A command that is forked from a warm process does what a cold one does."""

import os
import signal
from pathlib import Path

import pytest
from shell import ROOT, SELECT_ALL, Shell

HERE = {"COLUMNS": "80", "NO_COLOR": "1"}


@pytest.mark.parametrize("words", ["--version", "report", "plan --rows 0", "statsu", "completion bash"])
def test_output_and_exit_code_equal_those_of_a_cold_command(tmp_path: Path, words: str) -> None:
    shell = Shell(tmp_path)
    cold = shell.run_cold("skyassets", *words.split(), **HERE)
    warm = shell.run("skyassets", *words.split(), **HERE)
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout)


def test_it_runs_the_package_that_its_own_environment_names(tmp_path: Path) -> None:
    package = tmp_path / "elsewhere" / "skyassets" / "commands"
    package.mkdir(parents=True)
    for folder in (package, package.parent):
        (folder / "__init__.py").write_text("")
    (package / "main.py").write_text(
        "import os, sys\ndef main():\n    print(os.getcwd(), sys.argv[1:], os.environ.get('MINE'))\n    sys.exit(7)\n"
    )
    there = {"PYTHONPATH": str(package.parents[1]), "MINE": "yes"}
    cold, warm = (
        run("skyassets", "a", "b c", cwd=tmp_path, **there) for run in (Shell(tmp_path).run_cold, Shell(tmp_path).run)
    )
    assert (warm.returncode, warm.stdout) == (cold.returncode, cold.stdout) == (7, f"{tmp_path} ['a', 'b c'] yes\n")
    assert Shell(tmp_path).run("skyassets", "--version", cwd=ROOT).returncode == 0


def test_it_leads_its_process_group_and_ends_by_the_signal_it_was_sent(tmp_path: Path) -> None:
    with Shell(tmp_path).started("dagster", "asset", "materialize", "--select", "*") as (run, _):
        assert os.getpgid(run.pid) == run.pid != os.getpgid(0)
        assert run.poll() is None
        os.killpg(run.pid, signal.SIGKILL)
        assert run.wait(timeout=30) == run.poll() == -signal.SIGKILL


def test_it_is_interrupted_as_by_ctrl_c(tmp_path: Path) -> None:
    with Shell(tmp_path).started(*SELECT_ALL, PYTHONUNBUFFERED="1", PYTHONFAULTHANDLER="1") as (run, output):
        for line in output:
            if "raw_problems: building" in line:
                os.killpg(run.pid, signal.SIGINT)
                break
        try:
            code = run.wait(timeout=60)
        except TimeoutError:
            os.kill(run.pid, signal.SIGABRT)  # print the stack of each thread
            pytest.fail(f"still running 60 s after SIGINT:\n{output.read()}")
        assert code != 0
