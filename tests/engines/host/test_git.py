"""The commit of the running code, in real repositories."""

import os
import subprocess
from pathlib import Path

import pytest

from skyassets.engines.host.git import commit_of

AUTHOR = {
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.org",
}  # fmt: skip


def git(folder: Path, *words: str) -> str:
    done = subprocess.run(
        ["git", *words], cwd=folder, env=os.environ | AUTHOR, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package in a checkout with one commit."""
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    commit_of.cache_clear()
    return folder


def test_a_clean_checkout_is_its_commit(package: Path) -> None:
    commit = commit_of(package)
    assert commit is not None
    assert commit.name == git(package, "rev-parse", "HEAD")
    assert not commit.is_dirty


@pytest.mark.parametrize("file", ["__init__.py", "new.py"])
def test_a_changed_or_new_file_of_the_code_makes_it_dirty(package: Path, file: str) -> None:
    (package / file).write_text("x = 1\n")
    commit = commit_of(package)
    assert commit is not None
    assert commit.is_dirty


def test_files_beside_the_code_do_not_make_it_dirty(package: Path) -> None:
    (package.parent / "notes.txt").write_text("x")
    commit = commit_of(package)
    assert commit is not None
    assert not commit.is_dirty


def test_a_package_installed_inside_another_checkout_does_not_belong_to_it(package: Path) -> None:
    installed = package.parent / ".venv" / "skyassets"
    installed.mkdir(parents=True)
    (installed / "__init__.py").write_text("")
    assert commit_of(installed) is None


def test_no_checkout_and_no_git_have_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit_of.cache_clear()
    (tmp_path / "__init__.py").write_text("")
    assert commit_of(tmp_path) is None
    commit_of.cache_clear()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_of(Path(__file__).parent) is None
