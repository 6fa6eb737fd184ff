"""Completing: no answered row is requested twice, by any run or after any crash; the longest is requested first."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from core.rows import put
from engines.faulty import MODEL, faulty, request
from stages.asking import ModelProvider

from skyassets.core.errors import ServerError, StoreError
from skyassets.core.ports import CompletionClient, Model, Reply, Request
from skyassets.core.rows.claims import SECONDS_BETWEEN_LOOKS, ClaimResult, Claims
from skyassets.core.rows.failures import NOT_AGAIN
from skyassets.core.rows.index import RowIndex
from skyassets.core.rows.ledger import LedgerEntry, LedgerEvent
from skyassets.core.rows.store import RowStore
from skyassets.core.tables.declarations import COMPLETIONS
from skyassets.stages.sampling.completions import Completer, completion_row
from skyassets.stages.sampling.replies import Tally
from skyassets.stages.sampling.usage import COST, SPENT

PROGRAM = Path(__file__).parents[1] / "asking.py"
KILLS = 50
ORIGIN = {"asked_for": "smoke/teacher_traces", "run": "elsewhere"}
IN_FLIGHT = 8


class Scripted:
    """Implements the ports of a server: calls `play` with each request."""

    in_flight = 0

    def __init__(self, play: Callable[[Request, Callable[[Reply], None]], None]) -> None:
        self.play = play
        self.requested: list[str] = []
        self.starts = 0

    @contextmanager
    def serve(self, model: Model, weights: Path | None) -> Iterator[CompletionClient]:
        self.starts += 1
        yield self

    def ask(self, requests: Iterable[Request], keep: Callable[[Reply], None]) -> None:
        for one in requests:
            self.requested.append(one.id)
            self.play(one, keep)


def answer(one: Request, keep: Callable[[Reply], None]) -> None:
    keep(Reply(one.id, f"answer to {one.id}", "stop", 1, 3, 0.1, "scripted"))


def asking(
    folder: Path, url: str, first: int, last: int, words: str, *kills: str, together: int = 0
) -> subprocess.Popen[str]:
    command = [sys.executable, PROGRAM, folder, url, str(first), str(last), words, *kills]
    environment = {**os.environ, "PYTHONPATH": str(PROGRAM.parents[1]), "TOGETHER": str(together)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def counts_of(run: subprocess.Popen[str]) -> tuple[int, int, int]:
    """Reused, requested and failed, as the run printed at its end."""
    out, problems = run.communicate(timeout=120)
    assert run.returncode == 0, problems
    reused, requested, failed = out.splitlines()[-1].split()
    return int(reused), int(requested), int(failed)


@pytest.fixture
def store(tmp_path: Path) -> RowStore:
    return RowStore(tmp_path, COMPLETIONS)


def test_a_second_run_makes_no_call_and_starts_no_server(store: RowStore) -> None:
    server = Scripted(answer)
    requests = [request(f"r{number}") for number in range(100)]
    first = Completer(store, server, lambda tally: None).complete(MODEL, requests)
    again = Completer(store, server, lambda tally: None).complete(MODEL, requests)
    assert (first.reused, first.requested, again.reused, again.requested) == (0, 100, 100, 0)
    assert again.completions["r7"]["text"] == "answer to r7"
    assert server.starts == 1


def test_the_longest_expected_are_requested_first_and_the_others_in_their_order(store: RowStore) -> None:
    server = Scripted(answer)
    requests = [request(name) for name in ("a", "b", "c", "d", "e")]
    Completer(store, server, lambda tally: None).complete(MODEL, requests, {"b": 5.0, "d": 900.0, "e": 30.0})
    assert server.requested == ["d", "e", "b", "a", "c"]


def test_a_reply_counts_once_it_is_durable(store: RowStore) -> None:
    tallies: list[Tally] = []

    def tell(tally: Tally) -> None:
        assert store.everything([]).height >= tally.done
        tallies.append(tally)

    requests = [request(f"r{number}") for number in range(40)]
    Completer(store, Scripted(answer), tell).complete(MODEL, requests)
    assert tallies[-1].done == tallies[-1].total == 40
    assert tallies[-1].completion_tokens == 120


def test_a_failed_row_has_its_reason_and_is_requested_again(store: RowStore) -> None:
    def fail(one: Request, keep: Callable[[Reply], None]) -> None:
        keep(Reply(one.id, "", "error", 0, 0, 0.1, "scripted", "400: too long"))

    requests = [request("a")]
    assert Completer(store, Scripted(fail), lambda tally: None).complete(MODEL, requests).errors == {
        "a": "400: too long"
    }
    assert Completer(store, Scripted(answer), lambda tally: None).complete(MODEL, requests).requested == 1


def fail_for_good(one: Request, keep: Callable[[Reply], None]) -> None:
    keep(Reply(one.id, "", "error", 0, 0, 0.1, "scripted", "an empty text", dollars=0.5, is_final=True))


def test_a_row_that_failed_for_good_has_its_reason_and_is_not_requested_again(store: RowStore) -> None:
    entries: list[LedgerEntry] = []
    requests = [request("a"), request("b")]

    def half(one: Request, keep: Callable[[Reply], None]) -> None:
        (fail_for_good if one.id == "a" else answer)(one, keep)

    first = Completer(store, Scripted(half), lambda tally: None, record=entries.append).complete(MODEL, requests)
    server, tallies = Scripted(answer), list[Tally]()
    again = Completer(store, server, tallies.append, record=entries.append).complete(MODEL, requests)
    assert first.errors == again.errors == {"a": f"an empty text; {NOT_AGAIN}"}
    assert (first.reused, first.requested, first.unfinished) == (0, 2, 0)
    assert (again.reused, again.requested, again.unfinished) == (1, 0, 0)
    assert (server.starts, tallies[-1].done, tallies[-1].failed) == (0, 2, 1)
    assert again.metadata["rows failed for good"] == 1
    assert [entry.dollars for entry in entries if entry.event is LedgerEvent.FAILED] == [0.5]


def test_the_failures_of_a_tally_are_all_named_and_the_last_tally_comes_once(store: RowStore) -> None:
    def every_way(one: Request, keep: Callable[[Reply], None]) -> None:
        if one.id == "final":
            fail_for_good(one, keep)
        elif one.id == "passing":
            keep(Reply(one.id, "", "error", 0, 0, 0.1, "scripted", "400: too long"))
        elif one.id == "good":
            answer(one, keep)  # the last one has no reply

    requests = [request(name) for name in ("good", "passing", "final", "silent")]
    for kinds in (3, 3):  # in the second run the final failure is a stored one
        tallies: list[Tally] = []
        Completer(store, Scripted(every_way), tallies.append).complete(MODEL, requests)
        assert all(tally.failed == sum(tally.failures.values()) for tally in tallies)
        assert [tally.done for tally in tallies].count(4) == 1
        assert len(tallies[-1].failures) == kinds
        assert tallies[-1].failures["an empty text"] == 1


def test_the_cost_of_the_rows_counts_the_stored_failures_whoever_paid(store: RowStore) -> None:
    first, second, passing = (Completer(store, Scripted(fail_for_good), lambda tally: None) for _ in range(3))
    for completer in (first, second):
        completer.complete(MODEL, [request("a"), request("b")])
    passing.complete(MODEL, [request("b")])
    assert [each.usage.metadata[COST] for each in (first, second, passing)] == [1.0, 1.0, 0.5]
    assert [each.usage.metadata[SPENT] for each in (first, second, passing)] == [1.0, 0.0, 0.0]


def test_failures_for_good_are_asked_again_once_they_are_forgotten(store: RowStore) -> None:
    requests = [request("a")]
    Completer(store, Scripted(fail_for_good), lambda tally: None).complete(MODEL, requests)
    by = Completer(store, Scripted(answer), lambda tally: None)
    assert by.failures.clear() == 1
    assert by.complete(MODEL, requests).completions["a"]["text"] == "answer to a"
    assert by.complete(MODEL, requests).reused == 1


def test_a_completion_counts_although_another_run_failed_for_good(store: RowStore) -> None:
    requests = [request("a")]
    Completer(store, Scripted(fail_for_good), lambda tally: None).complete(MODEL, requests)
    with store.writer() as writer:
        writer.put({**completion_row(requests[0], Reply("a", "text", "stop", 1, 1, 0.1, "elsewhere")), **ORIGIN})
    again = Completer(store, Scripted(answer), lambda tally: None).complete(MODEL, requests)
    assert (again.errors, again.reused) == ({}, 1)


def test_a_row_that_fails_for_good_in_another_run_meanwhile_is_not_requested(store: RowStore) -> None:
    """The other run holds the claim until its failure is durable."""
    begun, go_on = threading.Event(), threading.Event()

    def slowly(one: Request, keep: Callable[[Reply], None]) -> None:
        begun.set()
        go_on.wait(30)
        fail_for_good(one, keep)

    requests = [request("a")]
    other = threading.Thread(
        target=lambda: Completer(store, Scripted(slowly), lambda tally: None).complete(MODEL, requests)
    )
    other.start()
    begun.wait(30)
    lines: list[str] = []
    mine = Scripted(answer)

    def log(line: str) -> None:
        lines.append(line)
        go_on.set()

    result = Completer(store.with_log(log), mine, lambda tally: None).complete(MODEL, requests)
    other.join()
    assert any("waiting for 1 completions" in line for line in lines)
    assert (mine.requested, result.errors) == ([], {"a": f"an empty text; {NOT_AGAIN}"})
    assert (result.requested, result.reused, result.unfinished) == (0, 0, 0)


def test_a_server_that_dies_leaves_what_it_answered(store: RowStore) -> None:
    def die_at_the_fifth(one: Request, keep: Callable[[Reply], None]) -> None:
        if one.id == "r5":
            raise ServerError("gone")
        answer(one, keep)

    requests = [request(f"r{number}") for number in range(10)]
    with pytest.raises(ServerError):
        Completer(store, Scripted(die_at_the_fifth), lambda tally: None).complete(MODEL, requests)
    again = Completer(store, Scripted(answer), lambda tally: None).complete(MODEL, requests)
    assert (again.reused, again.requested) == (5, 5)


def test_a_disk_that_fails_ends_the_ask(tmp_path: Path) -> None:
    (tmp_path / "completions").mkdir()
    store = RowStore(tmp_path, COMPLETIONS)
    server = Scripted(answer)

    def slowly(one: Request, keep: Callable[[Reply], None]) -> None:
        if one.id == "r3":
            # The journal's folder becomes unusable: from here on no segment can be begun.
            (tmp_path / "completions").rename(tmp_path / "moved")
            (tmp_path / "completions").write_text("in the way")
        answer(one, keep)
        time.sleep(0.01)

    server.play = slowly
    with pytest.raises(StoreError):
        Completer(store, server, lambda tally: None).complete(MODEL, [request(f"r{n}") for n in range(500)])
    assert len(server.requested) < 100


@pytest.mark.parametrize("words", ["slow=0.05", "slow=0.02 500 slow=0.02"])
def test_two_runs_at_the_same_time_request_each_row_once(tmp_path: Path, words: str) -> None:
    with faulty() as server:
        runs = [asking(tmp_path, server.url, 0, 300, words, together=2) for _ in range(2)]
        counts = [counts_of(run) for run in runs]
        calls = server.seen()["calls"]
    assert sum(requested for _, requested, _ in counts) == 300
    assert [reused + requested for reused, requested, _ in counts] == [300, 300]
    assert min(requested for _, requested, _ in counts) > 0
    assert sum(calls.values()) == 300
    assert not list(tmp_path.glob("completions/claims-*"))


def test_the_requests_of_a_killed_run_are_made_by_the_waiting_run(tmp_path: Path) -> None:
    with faulty() as server:
        dying = asking(tmp_path, server.url, 0, IN_FLIGHT, "hang=60 ok")
        while len(server.seen()["calls"]) < IN_FLIGHT:
            time.sleep(0.02)
        waiting = asking(tmp_path, server.url, 0, IN_FLIGHT, "hang=60 ok")
        assert waiting.stderr is not None
        assert "waiting for 8 completions that another run has requested" in waiting.stderr.readline()
        assert set(server.seen()["calls"].values()) == {1}
        dying.send_signal(signal.SIGKILL)
        dying.communicate()
        assert counts_of(waiting) == (0, IN_FLIGHT, 0)
        assert set(server.seen()["calls"].values()) == {2}


class Watched(RowStore):
    """A store that counts how often it was searched for the requests of other runs."""

    looks = 0

    def claims(self, index: RowIndex) -> Claims:
        store = self

        class Counted(Claims):
            def take(self, keys: Sequence[str]) -> ClaimResult:
                store.looks += 1
                return super().take(keys)

        return Counted(self.folder, index)


def test_a_steadily_shrinking_tail_is_checked_at_intervals_and_seldom_reported(tmp_path: Path) -> None:
    counts_of: list[str] = []
    requests = [request(f"r{number}") for number in range(32)]
    keys = [one.id for one in requests]
    other, store = RowStore(tmp_path, COMPLETIONS), Watched(tmp_path, COMPLETIONS, counts_of.append)

    def come(claims: Claims) -> None:
        for one in requests:
            time.sleep(0.03)
            put(other, completion_row(one, Reply(one.id, "", "stop", 1, 1, 0.1, "another run")))
            claims.release([one.id])

    with other.claims(other.index(keys)) as claims:
        assert claims.take(keys).ours == keys
        coming = threading.Thread(target=come, args=(claims,))
        coming.start()
        began = time.monotonic()
        replies = Completer(store, Scripted(answer), lambda tally: None).complete(MODEL, requests)
        took = time.monotonic() - began
        coming.join()
    assert (replies.reused, replies.requested) == (32, 0)
    waiting = [int(line.split()[2]) for line in counts_of if "another run has requested" in line]
    assert 0 < len(waiting) <= 6
    assert all(later <= earlier / 2 for earlier, later in pairwise(waiting))
    assert store.looks <= took / SECONDS_BETWEEN_LOOKS + 2


def test_requests_of_another_run_are_awaited_and_read(tmp_path: Path) -> None:
    with faulty() as server:
        first = asking(tmp_path, server.url, 0, 1, "slow=2")
        while not server.seen()["calls"]:
            time.sleep(0.02)
        assert counts_of(asking(tmp_path, server.url, 0, 1, "slow=2")) == (1, 0, 0)
        assert counts_of(first) == (0, 1, 0)
        assert server.seen()["calls"] == {"r0000": 1}


def test_requests_that_another_run_failed_are_tried_by_the_waiting_run(tmp_path: Path) -> None:
    words = "hang=0.5 hang=0.5 hang=0.5 hang=0.5 ok"  # four attempts, then the row is given up
    with faulty() as server:
        first = asking(tmp_path, server.url, 0, 1, words)
        while not server.seen()["calls"]:
            time.sleep(0.02)
        second = asking(tmp_path, server.url, 0, 1, words)
        assert (counts_of(first), counts_of(second)) == ((0, 1, 1), (0, 1, 0))
        assert server.seen()["calls"] == {"r0000": 5}


def test_a_client_killed_anywhere_never_requests_a_stored_row_again(tmp_path: Path) -> None:
    rows = 800
    with faulty() as server:
        run = asking(tmp_path, server.url, 0, rows, "slow=0.15", str(KILLS))
        out, problems = run.communicate(timeout=300)
        assert run.returncode == 0, problems
        seen = server.seen()
    *stored, last = out.splitlines()
    reused, requested, failed = (int(count) for count in last.split())
    assert (reused + requested, failed) == (rows, 0)
    assert requested > 0  # every kill came before the end
    first_stored: dict[str, float] = {}
    for line in stored:
        key, at = line.split()
        first_stored.setdefault(key, float(at))
    assert first_stored
    assert not [key for key, at in first_stored.items() if max(seen["at"][key]) > at]
    assert sum(seen["calls"].values()) <= rows + KILLS * IN_FLIGHT
    store = RowStore(tmp_path, COMPLETIONS)
    assert store.get([f"r{number:04d}" for number in range(rows)]).height == rows


def test_the_serving_of_these_tests_is_a_real_one(store: RowStore) -> None:
    with faulty() as server:
        replies = Completer(store, ModelProvider(server.url), lambda tally: None).complete(
            MODEL, [request("a: 500 ok")]
        )
    assert replies.completions["a"]["text"] == "answer to a"
