"""SIGKILL in the middle of each asset: the next run goes on, repeats no answered call, and ends with the same rows."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from shell import SELECT_ALL, Shell

from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import ASSET_TABLES, COMPLETIONS, TRACES
from skyassets.core.tables.store import TableStore

IN_FLIGHT = 2


def versions(shell: Shell) -> dict[str, str]:
    store = TableStore(shell.data / "smoke")
    return {table.name: store.data_version(table) for table in ASSET_TABLES}


@pytest.fixture(scope="module")
def undisturbed(smoke_run_once: Path) -> dict[str, str]:
    return versions(Shell(smoke_run_once))


@pytest.mark.parametrize(
    "table",
    [pytest.param(table.name, marks=() if table is TRACES else pytest.mark.slow) for table in ASSET_TABLES],
)
def test_killed_while_an_asset_is_built_the_next_run_ends_the_same(
    tmp_path: Path, undisturbed: dict[str, str], table: str
) -> None:
    shell = Shell(tmp_path)
    with shell.started(*SELECT_ALL, PYTHONUNBUFFERED="1") as (run, output):
        for line in output:
            if f"{table}: building (" in line:
                os.killpg(run.pid, signal.SIGKILL)
                break
        assert run.wait() == -signal.SIGKILL
    assert not (shell.data / "smoke" / "benchmark_reports.manifest.json").exists()
    calls_before = calls(shell.data / "logs" / "tiny-server.jsonl")
    stored = stored_calls(shell)

    done = shell.run(*SELECT_ALL)
    assert done.returncode == 0, done.stdout
    assert versions(shell) == undisturbed
    calls_after = calls(shell.data / "logs" / "tiny-server.jsonl")[len(calls_before) :]
    assert not stored & set(calls_after)


@pytest.fixture
def slow_server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A slow tiny model server in its own process, and the log of its calls."""
    log = tmp_path / "calls.jsonl"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "fake_server", "--port", str(port), "--log", str(log)]
    server = subprocess.Popen([*command, "--delay", "0.1"])
    try:
        yield f"http://127.0.0.1:{port}/v1", log
    finally:
        server.kill()
        server.wait()


@pytest.mark.parametrize("answered", [7, *(pytest.param(each, marks=pytest.mark.slow) for each in (1, 15))])
def test_killed_between_two_replies_no_answered_call_is_repeated(
    tmp_path: Path, slow_server: tuple[str, Path], undisturbed: dict[str, str], answered: int
) -> None:
    url, log = slow_server
    shell = Shell(tmp_path)
    deployment = {"SKYASSETS_TEACHER_URL": url, "SKYASSETS_BASE_URL": url, "SKYASSETS_CONCURRENCY": str(IN_FLIGHT)}
    with shell.started(*SELECT_ALL, **deployment) as (run, _):
        # A reply counts once it is durable: what the server has answered may still be on its way to the disk.
        while run.poll() is None and len(stored_calls(shell)) < answered:
            time.sleep(0.02)
        os.killpg(run.pid, signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL
    stored = stored_calls(shell)
    calls_before = calls(log)
    assert answered <= len(stored) <= len(calls_before)

    done = shell.run(*SELECT_ALL, **deployment)
    assert done.returncode == 0, done.stdout
    assert versions(shell) == undisturbed
    assert not stored & set(calls(log)[len(calls_before) :])
    assert len(calls(log)) == 24 + 12 + len(calls_before) - len(stored)


Call = tuple[str, str, int]


def calls(log: Path) -> list[Call]:
    """What the server was asked, in order: model, messages and seed."""
    if not log.exists():
        return []
    requests = [json.loads(line) for line in log.read_text().splitlines()]
    return [(one["model"], json.dumps(one["messages"]), one["seed"]) for one in requests]


def stored_calls(shell: Shell) -> set[Call]:
    """The calls whose replies are kept."""
    stored = RowStore(shell.data / "rows", COMPLETIONS).everything(["request"])
    requests = [json.loads(text) for text in stored["request"]]
    return {
        (
            one["model"]["name"],
            json.dumps([{"role": turn["role"], "content": turn["content"]} for turn in one["messages"]]),
            one["seed"],
        )
        for one in requests
    }
