"""A server is started, waited for and ended with everything it started, whatever happens to whom."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from leftovers import are_gone, descendants

from skyassets.core.errors import ServerError
from skyassets.engines.server_process import ServerProcess, free_port

STUBBORN = Path(__file__).with_name("stubborn_server.py")
Make = Callable[..., ServerProcess]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    def made(*words: str, patience: float = 20.0, said: Callable[[str], None] = print) -> ServerProcess:
        port = free_port()
        command = [sys.executable, str(STUBBORN), str(port), *words]
        url = f"http://127.0.0.1:{port}/"
        return ServerProcess("stubborn", command, {"COLOUR": "red"}, url, tmp_path / "log.txt", patience, said)

    return made


def our_servers() -> set[int]:
    return descendants(os.getpid())


def test_it_is_ready_inside_and_gone_after_with_all_its_children(make: Make) -> None:
    before, news = our_servers(), []
    with make(said=news.append).running():
        ours = our_servers() - before
        assert len(ours) == 4  # the watchdog, the server, and its two children
    assert are_gone(ours, within=0)
    assert news[0].startswith("stubborn: starting, log in ")
    assert news[-1].startswith("stubborn: ready after ")


def test_it_is_gone_when_the_work_fails(make: Make) -> None:
    before = our_servers()
    with pytest.raises(OSError, match="disk full"), make().running():
        raise OSError("disk full")
    assert our_servers() == before


def test_a_server_that_dies_at_the_start_is_told_with_the_end_of_its_log(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ServerError) as raised, make("die").running():
        pytest.fail("ran")
    told = str(raised.value)
    assert "exit status 3" in told
    assert str(tmp_path / "log.txt") in told
    assert told.endswith("the last line")
    assert "the root of it all" in told


def test_a_server_that_is_late_is_told_and_ended(make: Make) -> None:
    before = our_servers()
    with pytest.raises(ServerError, match="not ready after 1 s"), make("never-ready", patience=1.0).running():
        pytest.fail("ran")
    assert our_servers() == before


def test_a_server_that_dies_at_work_has_its_last_words_in_the_error(make: Make) -> None:
    def work() -> None:
        time.sleep(1.5)
        raise ServerError("nobody answers")

    with pytest.raises(ServerError, match="nobody answers") as raised, make("brief").running():
        work()
    assert "exit status 9" in str(raised.value)
    assert "ran out of memory" in str(raised.value)


def test_an_error_that_is_not_the_servers_death_is_left_as_it_is(make: Make) -> None:
    with pytest.raises(ServerError, match=r"^the key is refused$"), make().running():
        raise ServerError("the key is refused")


PARENT = """
import sys, time
from pathlib import Path
from skyassets.engines.server_process import ServerProcess, free_port
port = free_port()
command = [sys.executable, sys.argv[1], str(port)]
with ServerProcess("s", command, {}, f"http://127.0.0.1:{port}/", Path(sys.argv[2]), 20.0, lambda _: None).running():
    print("ready", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_parent_leaves_no_server_behind(tmp_path: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", PARENT, str(STUBBORN), str(tmp_path / "log.txt")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "ready\n"
        servers = descendants(parent.pid)
        assert len(servers) == 4
        parent.send_signal(number)
    assert are_gone(servers)


def test_a_killed_watchdog_takes_the_server_with_it(make: Make) -> None:
    before = our_servers()
    with make().running():
        ours = our_servers() - before
        watchdog = min(ours)
        server = min(descendants(watchdog))
        os.kill(watchdog, signal.SIGKILL)
        assert are_gone({server})
    for orphan in ours - {watchdog, server}:  # nobody is left to find these two
        os.kill(orphan, signal.SIGKILL)
