"""A server is started, waited for and ended with all its children, whichever process fails."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from engines.leftovers import are_gone, descendants
from engines.stubborn import PROGRAM, stubborn

from skyassets.core.errors import ServerError
from skyassets.engines.serving.process import free_ports
from skyassets.engines.serving.supervisor import Restarts, ServerKeeper, supervised

Running = Callable[..., AbstractContextManager[tuple[ServerKeeper, ...]]]


@pytest.fixture
def running(tmp_path: Path) -> Running:
    def start(*words: str, **more: object) -> AbstractContextManager[tuple[ServerKeeper, ...]]:
        return supervised([stubborn(tmp_path, *words, **more)], Restarts(most=0))  # type: ignore[arg-type]

    return start


def our_servers() -> set[int]:
    return descendants(os.getpid())


def test_it_is_ready_inside_and_gone_after_with_all_its_children(running: Running) -> None:
    before, news = our_servers(), list[str]()
    with running(log_line=news.append):
        ours = our_servers() - before
        assert len(ours) == 4  # the watchdog, the server, and its two children
    assert are_gone(ours, within=0)
    assert ": starting, log in " in news[0]
    assert ": ready after " in news[-1]


def test_it_is_gone_when_the_work_fails(running: Running) -> None:
    before = our_servers()
    with pytest.raises(OSError, match="disk full"), running():
        raise OSError("disk full")
    assert our_servers() == before


def test_a_server_that_dies_at_the_start_is_reported_with_the_end_of_its_log(running: Running, tmp_path: Path) -> None:
    with pytest.raises(ServerError) as raised, running("die"):
        pytest.fail("ran")
    message = str(raised.value)
    assert "exit status 3" in message
    assert str(tmp_path / "log-") in message
    assert message.endswith("the last line")
    assert "the root of it all" in message


def test_a_server_that_is_late_is_reported_and_ended(running: Running) -> None:
    before = our_servers()
    with pytest.raises(ServerError, match="not ready after 1 s"), running("never-ready", patience=1.0):
        pytest.fail("ran")
    assert our_servers() == before


def test_a_server_that_cannot_be_started_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"), supervised([stubborn(tmp_path / "file" / "logs")], Restarts()):
        pytest.fail("ran")


def test_the_error_of_a_server_that_dies_at_work_has_the_end_of_its_log(running: Running) -> None:
    def work() -> None:
        time.sleep(1.5)
        raise ServerError("nobody answers")

    with pytest.raises(ServerError, match="nobody answers") as raised, running("brief"):
        work()
    assert "exit status 9" in str(raised.value)
    assert "ran out of memory" in str(raised.value)


def test_an_error_that_is_not_the_servers_death_is_left_as_it_is(running: Running) -> None:
    with pytest.raises(ServerError, match=r"^the key is refused$"), running():
        raise ServerError("the key is refused")


def test_ports_taken_together_differ() -> None:
    assert len(set(free_ports(50))) == 50


PARENT = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from engines.stubborn import stubborn
from skyassets.engines.serving.supervisor import Restarts, supervised
folder = Path(sys.argv[2])
lives = folder / "lives"
quiet = {"log_line": lambda _: None}
with supervised([stubborn(folder, **quiet), stubborn(folder, f"brief-until={lives}", **quiet)],
          Restarts(most=1, pause=0.1)) as (_, brief):
    lives.touch()
    while not brief.trouble(0):
        time.sleep(0.1)
    while brief.trouble(0):
        time.sleep(0.1)
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_parent_leaves_none_of_its_servers_behind_nor_one_started_again(
    tmp_path: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", PARENT, str(PROGRAM.parent), str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        servers = descendants(parent.pid)
        assert len(servers) == 8
        parent.send_signal(number)
    assert are_gone(servers)


def test_a_killed_watchdog_takes_the_server_with_it(running: Running) -> None:
    before = our_servers()
    with running():
        ours = our_servers() - before
        watchdog = min(ours)
        server = min(descendants(watchdog))
        os.kill(watchdog, signal.SIGKILL)
        assert are_gone({server})
    for orphan in ours - {watchdog, server}:  # no process is left that would end these two
        os.kill(orphan, signal.SIGKILL)
