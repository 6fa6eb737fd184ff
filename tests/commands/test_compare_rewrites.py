"""`skyassets compare-rewrites`: two prompts on the same traces, through the row store and within the budget."""

import contextlib
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from free_port import free_port
from shell import Shell

from skyassets.core.tables.declarations import REWRITES, TRACES
from skyassets.core.tables.store import TableStore

RECIPE = "explained_recipes:rewritten"
PLAIN = ("--against", "explained_recipes:rewritten_plainly")


@pytest.fixture(scope="module")
def rewritten_shell(rewritten_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """A shell in which there are traces, rewritten by the recipe's own prompt."""
    return Shell.copy_of(rewritten_run_once, tmp_path_factory.mktemp("made"), RECIPE)


def compare(shell: Shell, *words: str, status: int = 0, **environment: str) -> str:
    done = shell.run("skyassets", "compare-rewrites", *words, COLUMNS="100", **environment)
    assert done.returncode == status, done.stdout
    return done.stdout


def calls(shell: Shell) -> int:
    return len((shell.data / "logs" / "tiny-server.jsonl").read_text().splitlines())


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """A tiny model's server of its own."""
    port = free_port()
    command = [sys.executable, "-m", "fake_server", "--port", str(port), "--log", str(folder / "log")]
    with subprocess.Popen(command) as server:
        url = f"http://127.0.0.1:{port}/v1"
        for _ in range(300):
            with contextlib.suppress(urllib.error.URLError):
                urllib.request.urlopen(f"{url}/models", timeout=5).close()
                break
            time.sleep(0.1)
        yield url
        server.terminate()


def test_a_prompt_without_structure_loses_and_the_tables_are_unchanged(rewritten_shell: Shell) -> None:
    store = TableStore(rewritten_shell.data / "rewritten")
    before = store.data_version(REWRITES)
    output = compare(rewritten_shell, *PLAIN, "--rows", "12", "--name", "plain")
    assert "rewritten is better (p = " in output
    rows = pl.read_parquet(store.folder / "comparisons" / "plain.parquet")
    assert rows.height == 24
    ours, other = (rows.filter(side=side) for side in ("rewritten", "rewritten-2"))
    assert set(ours["trace_id"]) == set(other["trace_id"]) <= set(store.read(TRACES)["trace_id"])
    assert ours["format"].all()
    assert not other["format"].any()
    assert other["no refusal"].all()
    assert other["failed"].unique().to_list() == ["the four markers do not stand once each, in order"]
    assert store.data_version(REWRITES) == before


def test_the_recipes_own_side_is_reused_and_a_repetition_costs_no_call(rewritten_shell: Shell) -> None:
    compare(rewritten_shell, *PLAIN, "--rows", "8")
    calls_before = calls(rewritten_shell)
    compare(rewritten_shell, *PLAIN, "--rows", "8")
    assert calls(rewritten_shell) == calls_before
    compare(rewritten_shell, *PLAIN, "--rows", "9")
    assert calls(rewritten_shell) <= calls_before + 1


def test_the_page_contains_the_whole_comparison(rewritten_shell: Shell) -> None:
    compare(rewritten_shell, *PLAIN, "--rows", "6", "--name", "page")
    page = (rewritten_shell.data / "rewritten" / "comparisons" / "page.md").read_text()
    for text in ("# Rewriting: rewritten against rewritten-2", "| format | 6 | 0 | 6 | 0 |", "**prompt**", "McNemar"):
        assert text in page
    assert "6 x the four markers do not stand once each, in order" in page
    assert page.count("### Trace ") == 6


def test_prompts_come_from_files_and_models_by_name(rewritten_shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "terse.txt").write_text("{question} {trace}\n")
    (tmp_path / "stern.txt").write_text("You rewrite sternly.")
    files = ("--prompt", str(tmp_path / "terse.txt"), "--system", str(tmp_path / "stern.txt"))
    output = compare(rewritten_shell, *files, "--rows", "3", "--show", "1")
    assert "stern-terse" in output
    request = (rewritten_shell.data / "logs" / "tiny-server.jsonl").read_text().splitlines()[-1]
    assert "You rewrite sternly." in request
    assert "<|begin_of_thought|>" not in request


def test_the_seed_determines_the_traces(rewritten_shell: Shell) -> None:
    drawn = []
    for seed, name in (("0", "one"), ("0", "two"), ("1", "three")):
        compare(rewritten_shell, *PLAIN, "--rows", "5", "--seed", seed, "--name", name)
        rows = pl.read_parquet(rewritten_shell.data / "rewritten" / "comparisons" / f"{name}.parquet")
        drawn.append(set(rows["trace_id"]))
    assert drawn[0] == drawn[1] != drawn[2]


def test_it_stops_before_exceeding_the_budget(rewritten_shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "new.txt").write_text("You rewrite, and it costs.")
    with serving(tmp_path) as url:
        deployment = {"SKYASSETS_REWRITER_URL": url, "SKYASSETS_REWRITER_PRICE": "1000,1000"}
        output = compare(
            rewritten_shell, "--system", str(tmp_path / "new.txt"), "--budget", "0.01", status=2, **deployment
        )
        assert "budget" in output
        assert not (tmp_path / "log").exists()
        output = compare(
            rewritten_shell, "--system", str(tmp_path / "new.txt"), "--rows", "2", "--budget", "9", **deployment
        )
    assert "spent now  $0.0" in output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "both ways to rewrite are rewritten's own; change one"),
        (("--prompt", "nowhere.txt"), "cannot be read"),
        (("--against", "smoke", "--model", "tiny@2"), "smoke rewrites by rules, which have no model"),
        ((*PLAIN, "--name", "../x"), "must be letters, digits, - and _"),
        ((*PLAIN, "--budget", "much"), "must be an amount of dollars"),
        (("--against", "explained_recipes:rewritten_dearly"), "export OPENAI_API_KEY"),
    ],
)
def test_an_impossible_comparison_reports_what_to_change(
    rewritten_shell: Shell, words: tuple[str, ...], message: str
) -> None:
    assert message in " ".join(compare(rewritten_shell, *words, status=2).split())


def test_a_prompt_that_shows_no_trace_is_refused(rewritten_shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "blind.txt").write_text("Rewrite it: {question}")
    assert "does not contain {trace}" in " ".join(
        compare(rewritten_shell, "--prompt", str(tmp_path / "blind.txt"), status=2).split()
    )


def test_without_traces_the_message_says_how_to_make_some(tmp_path: Path) -> None:
    assert "--select '*teacher_traces'" in compare(Shell(tmp_path, RECIPE), *PLAIN, status=1)
