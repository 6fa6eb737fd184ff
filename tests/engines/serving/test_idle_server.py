"""A server that stays idle is used again by the next one like it, and is never left running."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from engines.leftovers import are_gone, descendants
from engines.stubborn import PROGRAM

from skyassets.core.errors import ServerError
from skyassets.engines.serving import idle_server
from skyassets.engines.serving.idle_server import running, stop_idle_server
from skyassets.engines.serving.process import ServerProcess
from skyassets.engines.serving.supervisor import Restarts, ServerKeeper


@pytest.fixture(autouse=True)
def none_idle() -> Iterator[None]:
    yield
    stop_idle_server()


def served(
    folder: Path, *words: str, stays: bool = True, log: list[str] | None = None
) -> AbstractContextManager[tuple[ServerKeeper, ...]]:
    def processes(ports: tuple[int, ...]) -> tuple[ServerProcess, ...]:
        (port,) = ports
        command = [sys.executable, str(PROGRAM), str(port), *words]
        url = f"http://127.0.0.1:{port}/"
        return (ServerProcess("stubborn", command, {}, url, folder / f"{port}.txt", 20.0, print),)

    return running(processes, 1, Restarts(most=0), (log if log is not None else []).append, stays=stays)


def test_the_same_server_is_used_again_and_its_lines_go_to_the_new_user(tmp_path: Path) -> None:
    before, first, second = descendants(os.getpid()), list[str](), list[str]()
    with served(tmp_path, log=first) as (keeper,):
        ours = descendants(os.getpid()) - before
    assert descendants(os.getpid()) - before == ours
    with served(tmp_path, stays=False, log=second) as (again,):
        assert again is keeper
        assert descendants(os.getpid()) - before == ours
    assert are_gone(ours, within=0)
    assert any(": starting, " in line for line in first)
    assert second == ["stubborn: still running"]


def test_another_server_takes_the_idle_ones_place(tmp_path: Path) -> None:
    before = descendants(os.getpid())
    with served(tmp_path):
        idle = descendants(os.getpid()) - before
    with served(tmp_path, "other"):
        assert are_gone(idle, within=0)
        assert len(descendants(os.getpid()) - before) == len(idle)


def test_a_server_whose_use_failed_is_not_kept_idle(tmp_path: Path) -> None:
    before = descendants(os.getpid())
    with pytest.raises(ServerError, match="no answer"), served(tmp_path):
        raise ServerError("no answer")
    assert descendants(os.getpid()) == before


def test_a_server_that_died_while_idle_is_started_again(tmp_path: Path) -> None:
    before, log = descendants(os.getpid()), list[str]()
    with served(tmp_path) as (keeper,):
        watchdog = min(descendants(os.getpid()) - before)
    os.kill(watchdog, signal.SIGKILL)
    assert keeper.trouble(within=20)
    assert keeper.lost()
    with served(tmp_path, log=log) as (again,):
        assert again is not keeper
    assert any(": starting, " in line for line in log)


def test_idle_time_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idle_server, "IDLE_SECONDS", 0.2)
    before = descendants(os.getpid())
    with served(tmp_path):
        ours = descendants(os.getpid()) - before
    assert are_gone(ours, within=30)


def test_it_ends_with_the_process(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from engines.leftovers import descendants
from engines.serving.test_idle_server import served
with served(Path(sys.argv[1])):
    print(*descendants(os.getpid()))
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert are_gone(set(map(int, done.stdout.split())), within=0)
