"""Changed code: a comment rebuilds nothing, and code with the same output stops at its own table."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from shell import ROOT, SELECT_ALL, Shell

from skyassets.core.tables.declarations import ASSET_TABLES


@pytest.fixture
def copied(smoke_run_once: Path, tmp_path: Path) -> tuple[Shell, Path]:
    """A copy of the package, and a shell in which the package has run."""
    home = tmp_path / "checkout"
    shutil.copytree(ROOT / "skyassets", home / "skyassets", ignore=shutil.ignore_patterns("__pycache__"))
    return Shell.copy_of(smoke_run_once, tmp_path), home


def rebuilt(shell: Shell, home: Path) -> set[str]:
    run = shell.run(*SELECT_ALL, cwd=home, PYTHONPATH=str(home))
    assert run.returncode == 0, run.stdout
    return {table.name for table in ASSET_TABLES if f"{table.name}: building (" in run.stdout}


def edit(file: Path, change: Callable[[str], str]) -> None:
    before = file.read_text()
    after = change(before)
    assert after != before
    file.write_text(after)


def test_comments_and_docstrings_rebuild_nothing(copied: tuple[Shell, Path]) -> None:
    shell, home = copied
    for file in sorted((home / "skyassets" / "stages").rglob("[a-z]*.py")):
        edit(file, lambda text: text.replace('"""', '"""In other words: ', 1) + "\n# A comment.\n")
    assert rebuilt(shell, home) == set()


def test_code_with_the_same_output_stops_at_its_own_table(copied: tuple[Shell, Path]) -> None:
    shell, home = copied
    edit(home / "skyassets" / "stages" / "sampling" / "sample.py", lambda text: text + "\n\nUNUSED = 1\n")
    # The student is sampled by the same code as the teacher.
    assert rebuilt(shell, home) == {"teacher_traces", "benchmark_answers"}
