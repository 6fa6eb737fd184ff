"""A server that dies during an ask is restarted, a bounded number of times, and no row is lost."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from engines.leftovers import are_gone, descendants
from engines.stubborn import stubborn

from skyassets.core.errors import ServerError
from skyassets.core.ports import Message, Model, Reply, Request, Sampling
from skyassets.engines.host import watchdog
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.serving.process import ServerProcess
from skyassets.engines.serving.supervisor import Restarts, supervised

MODEL = Model("well", "0")


def request(number: int) -> Request:
    return Request(str(number), MODEL, (Message("user", f"Are you well? {number}"),), Sampling(0.0, 5), 0)


@contextmanager
def clients(processes: Sequence[ServerProcess], restarts: Restarts) -> Iterator[OpenAIClientPool]:
    with supervised(processes, restarts) as keepers:
        endpoints = tuple(
            Endpoint(process.health_url + "v1", "well", concurrency=4, lost=keeper.lost)
            for process, keeper in zip(processes, keepers, strict=True)
        )
        yield OpenAIClientPool(endpoints, backoff=0.05, patience=60)


def server_on(process: ServerProcess) -> int:
    """The process that listens on the server's port."""
    port = str(process.command[2])
    for pid in descendants(os.getpid()):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        if port in words and watchdog.__file__ not in words:
            return pid
    raise LookupError(port)


def killing(process: ServerProcess, at: set[int], replies: list[Reply]) -> Callable[[Reply], None]:
    """Keeps replies, and kills the server's process when their number is in `at`."""

    def keep(reply: Reply) -> None:
        replies.append(reply)
        if len(replies) in at:
            os.kill(server_on(process), signal.SIGKILL)

    return keep


def test_a_server_killed_twice_in_an_ask_comes_back_and_every_row_is_answered_once(tmp_path: Path) -> None:
    news, replies = list[str](), list[Reply]()
    process = stubborn(tmp_path, log_line=news.append)
    before = descendants(os.getpid())
    with clients([process], Restarts(pause=0.1)) as client:
        client.ask(map(request, range(60)), killing(process, {20, 40}, replies))
    assert sorted(int(reply.id) for reply in replies) == list(range(60))
    assert not [reply.error for reply in replies if reply.error]
    restarts = [line for line in news if "restarting" in line]
    assert [line.partition(": ")[2] for line in restarts] == [
        f"was killed by SIGKILL, as when memory runs out; restarting in 0 s ({number} of 3)" for number in (1, 2)
    ]
    assert descendants(os.getpid()) == before


def test_when_its_restarts_are_used_up_the_ask_ends_at_once_with_its_last_log_lines(tmp_path: Path) -> None:
    replies = list[Reply]()
    process = stubborn(tmp_path)
    began = time.monotonic()
    with pytest.raises(ServerError) as raised, clients([process], Restarts(most=1, pause=0.1)) as client:
        client.ask(map(request, range(100)), killing(process, {20, 40}, replies))
    message = str(raised.value)
    assert "was killed by SIGKILL, as when memory runs out, and is not restarted: it was restarted " in message
    assert message.count("its log (") == 1
    assert len(replies) >= 40
    assert time.monotonic() - began < 30


def test_a_server_that_keeps_dying_right_after_it_is_ready_is_given_up_early(
    tmp_path: Path,
) -> None:
    news = list[str]()
    endless = map(request, range(1_000_000))
    brief = stubborn(tmp_path, "brief", log_line=news.append)
    with (
        pytest.raises(ServerError, match="3 times in a row"),
        clients([brief], Restarts(most=50, pause=0.1)) as client,
    ):
        client.ask(endless, lambda reply: None)
    assert len([line for line in news if ": starting, " in line]) == 3
    assert "MemoryError: ran out of memory" in next(line for line in news if "restarting in" in line)


def test_a_restart_that_fails_before_it_is_ready_is_counted(tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    process = stubborn(tmp_path, f"lives={lives}", "most=1", "brief")
    with supervised([process], Restarts(most=2, pause=0.1)) as (keeper,):
        assert wait_until(lambda: bool(keeper.lost()))
        assert "OSError: [Errno 98] there were lives enough" in keeper.lost()
    assert len(lives.read_text().splitlines()) == 3


def test_only_the_last_start_is_reported_and_all_of_them_are_in_the_log(tmp_path: Path) -> None:
    process = stubborn(tmp_path, f"lives={tmp_path / 'lives'}", "most=1", "brief")
    with supervised([process], Restarts(most=1, pause=0.1)) as (keeper,):
        assert wait_until(lambda: bool(keeper.lost()))
        assert "ran out of memory" not in keeper.lost()
    assert "ran out of memory" in process.log.read_text()


def test_the_other_servers_continue_without_a_lost_one(tmp_path: Path) -> None:
    replies = list[Reply]()
    frail, steady = stubborn(tmp_path), stubborn(tmp_path)
    with clients([frail, steady], Restarts(most=0)) as client:
        client.ask(map(request, range(60)), killing(frail, {10}, replies))
    assert sorted(int(reply.id) for reply in replies) == list(range(60))
    assert not [reply.error for reply in replies if reply.error]


def test_the_first_that_does_not_start_ends_the_wait_for_the_others(tmp_path: Path) -> None:
    before, began = descendants(os.getpid()), time.monotonic()
    late = stubborn(tmp_path, "never-ready", patience=300.0)
    with (
        pytest.raises(ServerError, match="the root of it all"),
        supervised([late, stubborn(tmp_path, "die")], Restarts()),
    ):
        pytest.fail("ran")
    assert time.monotonic() - began < 30
    assert descendants(os.getpid()) == before


def test_an_unhealthy_server_is_ended_and_started_again(tmp_path: Path) -> None:
    news = list[str]()
    with supervised([stubborn(tmp_path, "unwell", unwell=2.0, log_line=news.append)], Restarts(pause=0.1)):
        assert wait_until(lambda: len([line for line in news if ": ready after " in line]) == 2)
    assert "was unhealthy for 2 s" in next(line for line in news if "restarting" in line)


def test_a_server_ended_during_its_pause_is_not_started_again(tmp_path: Path) -> None:
    news, before = list[str](), descendants(os.getpid())
    with supervised([stubborn(tmp_path, "brief", log_line=news.append)], Restarts(pause=600.0)):
        assert wait_until(lambda: any("restarting" in line for line in news))
    assert len([line for line in news if ": starting, " in line]) == 1
    assert descendants(os.getpid()) == before


def test_a_failing_log_function_ends_supervision_with_its_error(tmp_path: Path) -> None:
    def log_line(line: str) -> None:
        if "restarting" in line:
            raise BrokenPipeError("nobody reads")

    with supervised([stubborn(tmp_path, "brief", log_line=log_line)], Restarts(pause=0.1)) as (keeper,):
        assert wait_until(lambda: bool(keeper.lost()))
        assert "it is no longer supervised (BrokenPipeError: nobody reads)" in keeper.lost()


def test_no_supervisor_thread_is_left(tmp_path: Path) -> None:
    before = set(descendants(os.getpid()))
    with supervised([stubborn(tmp_path)], Restarts()):
        servers = set(descendants(os.getpid())) - before
    assert servers
    assert not [thread.name for thread in threading.enumerate() if "keeper" in thread.name]
    assert are_gone(servers, within=0)


def wait_until(is_so: Callable[[], bool], seconds: float = 30.0) -> bool:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True
