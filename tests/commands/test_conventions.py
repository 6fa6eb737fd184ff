"""What all commands have in common: help with examples, exit codes, pipes, colours, Ctrl-C, and typos."""

import json
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from shell import ROOT, Shell

from skyassets.commands.completion import COMPLETION
from skyassets.commands.main import COMMANDS, main, parser
from skyassets.core.tables.declarations import PROBLEMS
from skyassets.core.tables.store import TableStore

EVERY = (*COMMANDS, COMPLETION.name)
Do = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def smoke_shell(smoke_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in which the smoke recipe has run."""
    return Shell.copy_of(smoke_run_once, tmp_path_factory.mktemp("made"))


@pytest.fixture
def do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Do:
    """Runs a command in this process with the shell's environment; returns exit code, output and errors."""

    def done(shell: Shell, *words: str, **more: str) -> tuple[int, str, str]:
        for name, value in shell.environment(**more).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["skyassets", *words])
        monkeypatch.setattr(sys, "path", [*sys.path])
        with pytest.raises(SystemExit) as end:
            main()
        output = capsys.readouterr()
        return int(end.value.code or 0), output.out, output.err

    return done


NOTHING, MADE = "nothing made", "everything made"
EXITS: list[tuple[str, str, dict[str, str], int]] = [
    ("status", MADE, {}, 0),
    ("status", NOTHING, {}, 1),
    ("status", MADE, {"SKYASSETS_RECIPE": "smok"}, 2),
    ("doctor", MADE, {}, 0),
    ("doctor", MADE, {"SKYASSETS_TEACHER_URL": "http://127.0.0.1:9/v1"}, 1),
    ("doctor", MADE, {"SKYASSETS_ENGINE": "vlm"}, 2),
    ("report", MADE, {}, 0),
    ("report", NOTHING, {}, 1),
    ("report --no-such-option", MADE, {}, 2),
    ("plan", MADE, {}, 0),
    ("plan --on 1xH100-80GB", NOTHING, {"SKYASSETS_RECIPE": "sky_t1_preview"}, 1),
    ("plan --rows 0", MADE, {}, 2),
    ("forecast --pilot 0", MADE, {}, 0),
    ("forecast --pilot 0 --budget 1", NOTHING, {"SKYASSETS_TEACHER_PRICE": "1000,1000"}, 1),
    ("forecast --budget much", MADE, {}, 2),
    ("ledger", MADE, {}, 0),
    ("ledger", NOTHING, {}, 1),
    ("ledger --no-such-option", MADE, {}, 2),
    ("why PROBLEM", MADE, {}, 0),
    ("why 'nobody ever asked this'", MADE, {}, 1),
    ("why", MADE, {}, 2),
    ("lineage checkpoint", MADE, {}, 0),
    ("lineage 00000000", MADE, {}, 1),
    ("lineage", MADE, {}, 2),
    ("diff raw_problems smoke/raw_problems", MADE, {}, 0),
    ("diff raw_problems benchmark_problems", MADE, {}, 1),
    ("diff raw_problems no_table", MADE, {}, 2),
    ("tokens", MADE, {}, 0),
    ("tokens", NOTHING, {}, 2),
    ("rejudge --dry-run", MADE, {}, 0),
    ("rejudge", NOTHING, {}, 1),
    ("rejudge --no-such-option", MADE, {}, 2),
    ("reask", NOTHING, {}, 1),
    ("reask --no-such-option", MADE, {}, 2),
    ("compare-rewrites --against user_recipes:other_words", MADE, {}, 0),
    ("compare-rewrites --against user_recipes:other_words", NOTHING, {}, 1),
    ("compare-rewrites --prompt nowhere.txt", MADE, {}, 2),
    ("completion bash", NOTHING, {"SKYASSETS_RECIPE": "no matter which"}, 0),
    ("completion csh", NOTHING, {}, 2),
    ("--version", NOTHING, {"SKYASSETS_RECIPE": "no matter which"}, 0),
    ("--help", NOTHING, {}, 0),
    ("", NOTHING, {}, 2),
    ("statsu", NOTHING, {}, 2),
]


@pytest.mark.parametrize(("typed", "where", "environment", "code"), EXITS, ids=[f"{e[0]}: {e[3]}" for e in EXITS])
def test_the_exit_code_is_the_documented_one(
    smoke_shell: Shell, tmp_path: Path, do: Do, typed: str, where: str, environment: dict[str, str], code: int
) -> None:
    shell = smoke_shell if where == MADE else Shell(tmp_path)
    if "PROBLEM" in typed:
        ident = TableStore(smoke_shell.data / "smoke").read(PROBLEMS)["problem_id"][0]
        typed = typed.replace("PROBLEM", ident)
    ended, output, errors = do(shell, *shlex.split(typed), **environment)
    assert ended == code, output + errors
    if code == 2:
        assert not output
        assert errors
    else:
        assert output


@pytest.mark.parametrize("name", EVERY)
def test_an_unknown_option_is_an_error_of_every_command(smoke_shell: Shell, do: Do, name: str) -> None:
    code, output, errors = do(smoke_shell, name, "--no-such-option")
    assert code == 2
    assert not output
    assert "usage: skyassets" in errors


@pytest.mark.parametrize("name", EVERY)
def test_the_help_has_exit_codes_and_examples_that_parse(smoke_shell: Shell, do: Do, name: str) -> None:
    code, output, _ = do(smoke_shell, name, "--help", COLUMNS="80")
    assert code == 0
    assert all(len(line) <= 80 for line in output.splitlines())
    if name == COMPLETION.name:
        return
    codes = {"  0  ", "  1  ", "  2  "} if COMMANDS[name].exits.failure else {"  0  ", "  2  "}
    assert codes <= {line[:5] for line in output.splitlines()}
    typed = [shlex.split(line) for line in output.splitlines() if line.startswith(f"  skyassets {name}")]
    assert typed
    for words in typed:
        assert parser().parse_args(words[1:]).command == name


@pytest.mark.parametrize("typed", [name[:-1] for name in EVERY] + ["docotr", "linage", "compare"])
def test_a_mistyped_command_gets_a_suggestion(smoke_shell: Shell, do: Do, typed: str) -> None:
    code, _, errors = do(smoke_shell, typed)
    assert code == 2
    assert "did you mean" in errors


def test_an_error_is_a_message_without_a_traceback(smoke_shell: Shell, do: Do) -> None:
    code, output, errors = do(smoke_shell, "status", SKYASSETS_RECIPE="user_recipes:nowhere")
    assert (code, output) == (2, "")
    assert errors.startswith("skyassets: ")
    assert "Traceback" not in errors


def started(shell: Shell, *words: str, **more: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        words, cwd=ROOT, env=shell.environment(**more), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_ctrl_c_ends_a_command_with_130_and_a_short_message(smoke_shell: Shell) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(60)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/v1"
        running = started(smoke_shell, "skyassets", "doctor", SKYASSETS_TEACHER_URL=url)
        connection, _ = silent.accept()  # and never answers
        running.send_signal(signal.SIGINT)
        output, errors = running.communicate(timeout=60)
        connection.close()
    assert running.returncode == 130
    assert "stopped" in errors
    assert "Traceback" not in output + errors


@pytest.mark.parametrize(
    "words", [("status",), ("lineage", "checkpoint"), ("plan", "--json"), (COMPLETION.name, "bash")]
)
def test_a_closed_pipe_is_not_an_error(smoke_shell: Shell, words: Sequence[str]) -> None:
    running = started(smoke_shell, "skyassets", *words)
    assert running.stdout is not None
    assert running.stderr is not None
    running.stdout.close()
    errors = running.stderr.read()
    running.stderr.close()
    assert running.wait(timeout=60) == 141
    assert errors == ""


COLOUR = re.compile(r"\x1b\[(3\d|9\d|38;)")
"""Escape sequences that set a colour; those for bold and italics do not count."""


def test_there_is_no_colour_in_a_pipe_or_when_it_is_disabled(smoke_shell: Shell) -> None:
    for environment in ({}, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, {"TERM": "dumb"}):
        assert not COLOUR.search(smoke_shell.run("skyassets", "status", **environment).stdout)
    assert COLOUR.search(smoke_shell.run("skyassets", "status", FORCE_COLOR="1", NO_COLOR="").stdout)


OUTPUTS = (
    "status",
    "doctor",
    "report",
    "ledger",
    "lineage checkpoint",
    "forecast --pilot 0",
    "plan",
    "rejudge --dry-run",
)
COPIED = re.compile(r"(?:dagster|skyassets|source) |/")
"""Commands and paths are left in one line, to be copied."""


@pytest.mark.parametrize("typed", OUTPUTS)
def test_tables_fit_into_80_columns(smoke_shell: Shell, do: Do, typed: str) -> None:
    _, output, _ = do(smoke_shell, *shlex.split(typed), COLUMNS="80")
    drawn = [line for line in output.splitlines() if "─" in line or "  " in line.strip()]
    assert not [line for line in drawn if len(line.rstrip()) > 80 and not COPIED.search(line)]
    assert "…" not in output or typed == "lineage checkpoint"


JSON = ("status", "doctor", "ledger", "lineage checkpoint", "forecast --pilot 0", "plan", "tokens", "report")


@pytest.mark.parametrize("typed", JSON)
def test_json_output_is_json_and_nothing_else(smoke_shell: Shell, do: Do, typed: str) -> None:
    _, output, _ = do(smoke_shell, *shlex.split(typed), "--json", COLUMNS="20")
    assert json.loads(output)


def test_every_command_is_on_its_page_and_in_the_readme() -> None:
    page, readme = ((ROOT / name).read_text() for name in ("docs/commands.md", "README.md"))
    for name in EVERY:
        assert f"## `skyassets {name}`" in page
        assert f"skyassets {name}" in readme


def test_the_examples_of_the_commands_page_parse() -> None:
    page = (ROOT / "docs/commands.md").read_text()
    typed = re.findall(r"^    \$ (?:[A-Z_]+=\S+ )*skyassets ([^|\n]*)", page, re.MULTILINE)
    assert len(typed) >= len(EVERY)
    for words in typed:
        assert parser().parse_args(shlex.split(words)).command in EVERY


def test_the_page_explains_the_exit_codes() -> None:
    page = " ".join((ROOT / "docs/commands.md").read_text().split())
    for command in COMMANDS.values():
        assert command.exits.failure in page
