"""Completion in a real bash, with the script that `skyassets completion` prints."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import shtab

from skyassets.commands.completion import COMPLETION, SHELLS, TABLES
from skyassets.commands.main import COMMANDS, parser
from skyassets.recipes.registry import RECIPES

BASH = """
source {script}
COMP_WORDS=({words} {last}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
$(complete -p skyassets | sed 's/.*-F \\([^ ]*\\) .*/\\1/')
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def bash_script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("completion") / "skyassets.bash"
    file.write_text(shtab.complete(parser(), "bash"))
    return file


def offered(bash_script: Path, words: str, last: str) -> set[str]:
    """What bash offers for `last`, typed after `words`."""
    program = BASH.format(script=bash_script, words=words, last=last or '""')
    done = subprocess.run(["bash", "-c", program], capture_output=True, text=True, check=False)
    assert not done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("words", "last", "expected"),
    [
        ("skyassets", "", {*COMMANDS, COMPLETION.name}),
        ("skyassets", "le", {"ledger"}),
        ("skyassets diff", "", set(TABLES)),
        ("skyassets diff sft_dataset", "raw", {"raw_problems"}),
        ("skyassets status", "--j", {"--json"}),
        ("skyassets plan --zero", "", {"0", "1", "2", "3"}),
        ("skyassets compare-rewrites --against", "", set(RECIPES)),
        ("skyassets lineage", "ch", {"checkpoint"}),
        ("skyassets completion", "", set(SHELLS)),
        ("skyassets ledger", "nothing", set()),
    ],
)
def test_bash_offers_what_can_be_typed(bash_script: Path, words: str, last: str, expected: set[str]) -> None:
    assert offered(bash_script, words, last) == expected


def test_bash_offers_files_where_a_file_is_expected(bash_script: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("")
    suggestions = offered(bash_script, "skyassets compare-rewrites --prompt", f"{tmp_path}/mi")
    assert suggestions == {f"{tmp_path}/mine.txt"}


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_its_script(shell: str, tmp_path: Path) -> None:
    script = shtab.complete(parser(), shell)
    assert all(name in script for name in COMMANDS)
    if shutil.which(shell) is None:
        return
    file = tmp_path / "_skyassets"
    file.write_text(script)
    done = subprocess.run([shell, "-n", str(file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def typed(*words: str, **environment: str) -> str:
    """The output of `skyassets completion`."""
    return subprocess.run(
        [sys.executable, "-m", "skyassets.commands.main", COMPLETION.name, *words],
        env={"PATH": "/usr/bin:/bin", **environment},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_the_script_needs_neither_recipe_nor_deployment() -> None:
    script = typed("bash", SKYASSETS_RECIPE="no such recipe", SKYASSETS_ENGINE="none")
    assert script == shtab.complete(parser(), "bash") + "\n"


def test_the_help_has_examples_for_every_shell_and_the_exit_codes() -> None:
    text = typed("--help")
    assert all(f"  skyassets completion {shell} > " in text for shell in SHELLS)
    assert "exit codes:\n  0  the script is printed\n  2  " in text
