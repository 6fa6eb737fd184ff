"""SIGKILL in the middle of an epoch: the next run continues that epoch and repeats no answered call."""

import os
import signal
import time
from pathlib import Path

import polars as pl
import pytest
from end_to_end.test_killed import calls, stored_calls
from shell import SELECT_ALL, Shell

from skyassets.core.tables.declarations import ANSWERS
from skyassets.core.tables.store import TableStore

EPOCH = "2026-01-05-0600"
RE_EVALUATE = ("dagster", "job", "execute", "-m", "skyassets.definitions", "-j", "re_evaluate", "--tags")
TAGGED = (*RE_EVALUATE, f'{{"skyassets/epoch": "{EPOCH}"}}')
ITEMS = 24
"""Twelve items, base and student, one sample."""


@pytest.fixture(scope="module")
def undisturbed(smoke_run_once: Path, tmp_path_factory: pytest.TempPathFactory) -> pl.DataFrame:
    """The answers of an epoch that was not killed."""
    shell = Shell.copy_of(smoke_run_once, tmp_path_factory.mktemp("undisturbed"))
    done = shell.run(*TAGGED)
    assert done.returncode == 0, done.stdout
    return answers(shell)


def answers(shell: Shell) -> pl.DataFrame:
    return TableStore(shell.data / "smoke").read(ANSWERS).select(ANSWERS.content)


@pytest.mark.parametrize(
    ("answered", "command"),
    [
        pytest.param(1, TAGGED, id="with its tag"),
        pytest.param(9, SELECT_ALL, id="with none", marks=pytest.mark.slow),
    ],
)
def test_a_killed_epoch_continues_and_repeats_no_answered_item(
    tmp_path: Path, smoke_run_once: Path, undisturbed: pl.DataFrame, answered: int, command: tuple[str, ...]
) -> None:
    shell = Shell.copy_of(smoke_run_once, tmp_path)
    log = shell.data / "logs" / "tiny-server.jsonl"
    before = stored_calls(shell)

    with shell.started(*TAGGED, SKYASSETS_CONCURRENCY="1") as (run, _):
        while run.poll() is None and len(stored_calls(shell) - before) < answered:
            time.sleep(0.005)
        os.killpg(run.pid, signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
    stored = stored_calls(shell) - before
    call_count = len(calls(log))
    assert answered <= len(stored) <= ITEMS

    done = shell.run(*command)
    assert done.returncode == 0, done.stdout
    again = calls(log)[call_count:]
    assert not stored & set(again)
    assert len(again) == ITEMS - len(stored)
    assert answers(shell).equals(undisturbed)
    history = sorted(path.name.rpartition("-")[0] for path in (shell.data / "smoke" / "history").iterdir())
    assert history == [EPOCH, "first"]
