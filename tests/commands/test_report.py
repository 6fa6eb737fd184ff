"""`skyassets report`: the scores in a terminal, the page in a browser, a report of the history, rows as JSON."""

import json
from pathlib import Path

import pytest
from shell import Shell

from skyassets.core.tables.declarations import REPORTS
from skyassets.core.tables.store import TableStore


@pytest.fixture(scope="module")
def smoke_shell(smoke_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell.copy_of(smoke_run_once, tmp_path_factory.mktemp("report"))


def test_the_scores_have_intervals_and_a_verdict_in_eighty_columns(smoke_shell: Shell) -> None:
    done = smoke_shell.run("skyassets", "report", COLUMNS="80")
    assert done.returncode == 0
    for text in ("The student ", "strict", "completion", " to ", "n = 12", "noise", "report.html", "report.md"):
        assert text in done.stdout
    tables = [line for line in done.stdout.splitlines() if "http" not in line and "data/smoke" not in line]
    assert max(map(len, tables)) <= 80


def test_the_parts_are_shown_when_asked_for(smoke_shell: Shell) -> None:
    assert "last_word" not in smoke_shell.run("skyassets", "report").stdout
    assert "last_word" in smoke_shell.run("skyassets", "report", "--parts").stdout


def test_json_has_the_rows(smoke_shell: Shell) -> None:
    done = smoke_shell.run("skyassets", "report", "--json")
    rows = json.loads(done.stdout)
    assert len(rows) == TableStore(smoke_shell.data / "smoke").read(REPORTS).height
    assert set(rows[0]) == set(REPORTS.columns)


def test_a_report_of_the_history_is_found_by_the_start_of_its_name(smoke_shell: Shell) -> None:
    done = smoke_shell.run("skyassets", "report", "--epoch", "first")
    assert done.returncode == 0
    assert "all metrics" in done.stdout
    assert "history/first-" in done.stdout


def test_a_report_that_is_not_in_the_history_is_an_error(smoke_shell: Shell) -> None:
    done = smoke_shell.run("skyassets", "report", "--epoch", "1999")
    assert done.returncode == 1
    assert "there is no report '1999'" in done.stdout
    assert "first-" in done.stdout


def test_the_page_is_opened_in_the_configured_browser(smoke_shell: Shell, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    mine = tmp_path / "browser"
    mine.write_text(f'#!/bin/sh\necho "$1" > {seen}\n')
    mine.chmod(0o755)
    done = smoke_shell.run("skyassets", "report", "--open", BROWSER=str(mine))
    assert done.returncode == 0
    address = (smoke_shell.data / "smoke" / "report.html").as_uri()
    assert seen.read_text().strip() == address
    assert f"opened {address}" in done.stdout


def test_without_a_browser_the_path_is_printed(smoke_shell: Shell) -> None:
    done = smoke_shell.run(
        "skyassets", "report", "--open", BROWSER="/bin/false", PATH=_path_without_browsers(smoke_shell)
    )
    assert done.returncode == 1
    assert (smoke_shell.data / "smoke" / "report.html").as_uri() in done.stdout


@pytest.mark.parametrize("option", ["--open", "--json", "--parts"])
def test_without_a_report_every_option_says_how_to_make_one(tmp_path: Path, option: str) -> None:
    done = Shell(tmp_path).run("skyassets", "report", option)
    assert done.returncode == 1
    assert "dagster asset materialize" in done.stdout


def _path_without_browsers(shell: Shell) -> str:
    return shell.environment()["PATH"].split(":")[0]
