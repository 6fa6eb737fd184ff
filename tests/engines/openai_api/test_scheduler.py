"""Several servers, limits, money, and servers that come and go. The servers are real, and misbehave on request."""

import gc
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from engines.faulty import ENDPOINT_FIELDS, PROGRAM, Faulty, faulty, request

from skyassets.core.errors import BudgetError, ServerError
from skyassets.core.money import Budget, Price
from skyassets.core.ports import Reply, Request
from skyassets.engines.openai_api import scheduler
from skyassets.engines.openai_api.completions import OpenAIClientPool
from skyassets.engines.openai_api.endpoint import Endpoint
from skyassets.engines.serving.process import free_ports

PRICE = Price(1.0, 2.0, as_of="2026-01-01", source="a test")


def among(*servers: Faulty, concurrency: int = 8, **changed: object) -> OpenAIClientPool:
    endpoints = tuple(Endpoint(one.url, "alpha", concurrency=concurrency, served_by=str(one.port)) for one in servers)
    quick = {"attempts": 4, "backoff": 0.02, "timeout": 10.0, "patience": 5.0}
    return OpenAIClientPool(endpoints, **(quick | changed))  # type: ignore[arg-type]


def ask(client: OpenAIClientPool, *scripts: str, keep: Callable[[Reply], None] = lambda reply: None) -> list[Reply]:
    replies: list[Reply] = []

    def both(reply: Reply) -> None:
        replies.append(reply)
        keep(reply)

    client.ask([request(script) for script in scripts], both)
    return replies


def test_two_servers_share_the_work_by_what_each_can_take() -> None:
    with faulty() as quick, faulty() as slow:
        replies = ask(
            OpenAIClientPool((Endpoint(quick.url, "alpha", concurrency=9), Endpoint(slow.url, "alpha", concurrency=3))),
            *[f"r{i}: slow=0.05" for i in range(120)],
        )
        assert len({reply.id for reply in replies}) == len(replies) == 120
        shares = [len(one.seen()["calls"]) for one in (quick, slow)]
    assert sum(shares) == 120
    assert 2 < shares[0] / shares[1] < 4


def test_a_dead_server_among_two_costs_no_row() -> None:
    with faulty() as living, faulty() as dying:
        replies = ask(
            among(living, dying, concurrency=4),
            *[f"r{i}: slow=0.01" for i in range(200)],
            keep=lambda reply: os.kill(dying.pid, signal.SIGKILL) if reply.id == "r40" else None,
        )
    assert len({reply.id for reply in replies}) == len(replies) == 200
    assert len([reply for reply in replies if reply.error]) == 0


def test_a_server_missing_from_the_start_is_skipped_and_reported() -> None:
    lines: list[str] = []
    with faulty() as living:
        client = OpenAIClientPool(
            (Endpoint("http://127.0.0.1:9/v1", "alpha"), Endpoint(living.url, "alpha")), backoff=0.02, log=lines.append
        )
        assert client.models() == ((), ("alpha", "beta"))
        replies = ask(client, *[f"r{i}: ok" for i in range(20)])
    assert not [reply for reply in replies if reply.error]
    assert "continuing without http://127.0.0.1:9/v1" in lines[0]


def test_a_server_that_was_killed_and_comes_back_costs_no_row() -> None:
    (port,) = free_ports(1)
    command = [sys.executable, str(PROGRAM), "--port", str(port)]
    servers = [subprocess.Popen(command, stdout=subprocess.PIPE)]
    assert servers[0].stdout is not None
    servers[0].stdout.readline()

    def restart() -> None:
        servers[0].kill()
        servers[0].wait()
        time.sleep(1.0)
        servers.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))

    lines: list[str] = []
    restarting = threading.Timer(0.5, restart)
    restarting.start()
    try:
        replies = ask(among(Faulty(port), patience=60.0, log=lines.append), *[f"r{i}: slow=0.05" for i in range(200)])
    finally:
        restarting.join()
        for server in servers:
            server.kill()
            server.wait()
    assert len({reply.id for reply in replies}) == 200
    assert not [reply for reply in replies if reply.error]
    assert "retrying" in lines[0]


def test_a_server_that_is_lost_for_good_ends_the_ask_at_once_with_its_reason() -> None:
    with faulty() as mortal:
        endpoint = Endpoint(mortal.url, "alpha", concurrency=4, lost=lambda: "vllm died three times" if died else "")
        died: list[Reply] = []
        began = time.monotonic()
        with pytest.raises(ServerError, match="vllm died three times"):
            ask(
                OpenAIClientPool((endpoint,), patience=300.0),
                *[f"r{i}: {'die' if i == 30 else 'ok'}" for i in range(100)],
                keep=lambda reply: died.append(reply) if reply.id == "r20" else None,
            )
    assert time.monotonic() - began < 10


def test_the_concurrency_limit_of_a_server_is_learned() -> None:
    with faulty("--most", "6") as narrow:
        replies = ask(among(narrow, concurrency=60, attempts=20), *[f"r{i}: slow=0.02" for i in range(600)])
        seen = narrow.seen()
    assert not [reply for reply in replies if reply.error]
    assert len(replies) == 600
    assert seen["turned_away"] < 600


def test_a_limit_stated_in_headers_is_respected() -> None:
    with faulty("--limit", "1200") as limited:
        began = time.monotonic()
        replies = ask(among(limited, concurrency=16), *[f"r{i}: ok" for i in range(240)])
        seconds = time.monotonic() - began
        assert limited.seen()["turned_away"] <= 30
    assert not [reply for reply in replies if reply.error]
    assert seconds > (240 - 20 - 16) / 20 * 0.8


def test_a_configured_limit_of_requests_a_minute_is_respected() -> None:
    with faulty() as server:
        began = time.monotonic()
        endpoint = Endpoint(server.url, "alpha", rpm=1800)
        replies = ask(OpenAIClientPool((endpoint,)), *[f"r{i}: ok" for i in range(80)])
        seconds = time.monotonic() - began
    assert len(replies) == 80
    assert 1.5 < seconds < 8.0  # 30 at once, then 30 a second


def test_one_rejection_in_ten_costs_no_row() -> None:
    with faulty() as server:
        scripts = [f"r{i}: {'429 ' if i % 10 == 0 else ''}slow=0.02" for i in range(300)]
        replies = ask(among(server, concurrency=32), *scripts)
        assert sum(server.seen()["calls"].values()) == 330
    assert not [reply for reply in replies if reply.error]


def test_every_reply_has_its_time_and_its_cost() -> None:
    with faulty() as server:
        (reply,) = ask(among(server, price=PRICE), "priced: 500 ok")
    assert reply.dollars == pytest.approx((7 * 1.0 + 3 * 2.0) / 1e6)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", reply.at)


def test_a_lost_answer_is_charged_at_its_worst_cost() -> None:
    with faulty() as server:
        (reply,) = ask(among(server, price=PRICE), "lost: reset-in-body ok")
    worst = PRICE.worst(request("lost: reset-in-body ok"))
    assert reply.dollars == pytest.approx(worst + (7 * 1.0 + 3 * 2.0) / 1e6)


def test_the_budget_is_never_exceeded_and_earlier_replies_are_kept() -> None:
    worst = PRICE.worst(request("r000: ok"))
    run_budget = Budget(20 * worst)
    replies: list[Reply] = []
    with faulty() as server, pytest.raises(BudgetError, match="SKYASSETS_BUDGET"):
        among(server, price=PRICE, run_budget=run_budget).ask(
            [request(f"r{i:03}: ok") for i in range(500)], replies.append
        )
    assert run_budget.spent == pytest.approx(sum(reply.dollars or 0 for reply in replies))
    assert run_budget.budget is not None
    assert run_budget.budget - worst < run_budget.spent <= run_budget.budget
    assert run_budget.reserved == pytest.approx(0.0, abs=1e-12)
    assert all(reply.error is None for reply in replies)


def test_a_budget_that_just_fits_is_enough() -> None:
    with faulty() as server:
        run_budget = Budget(PRICE.worst(request("r0: ok")) + 1e-9)
        assert len(ask(among(server, price=PRICE, run_budget=run_budget), "r0: ok")) == 1


def test_the_requests_are_drawn_as_room_is_made() -> None:
    answered: list[Reply] = []
    ahead: list[int] = []

    def source() -> Iterator[Request]:
        for i in range(300):
            ahead.append(i + 1 - len(answered))
            yield request(f"r{i}: ok")

    with faulty() as server:
        among(server, concurrency=10).ask(source(), answered.append)
    assert len(answered) == 300
    assert max(ahead) <= 10 + 10


def test_in_flight_is_counted_while_it_asks_and_is_zero_afterwards() -> None:
    with faulty() as server:
        client = among(server, concurrency=5)
        most: list[int] = []
        ask(client, *[f"r{i}: slow=0.02" for i in range(40)], keep=lambda reply: most.append(client.in_flight))
    assert 3 <= max(most) <= 5
    assert client.in_flight == 0


def test_a_bad_server_beside_a_slow_good_one_does_not_end_the_ask() -> None:
    with faulty() as good:
        endpoints = (Endpoint(good.url, "alpha", concurrency=8), Endpoint("http://127.0.0.1:9/v1", "alpha"))
        client = OpenAIClientPool(endpoints, backoff=0.02, patience=0.5)
        replies = ask(client, *[f"r{i}: slow=2.0" for i in range(8)])
    assert [reply.error for reply in replies] == [None] * 8


def test_an_answer_that_trickles_endlessly_times_out() -> None:
    with faulty() as server:
        began = time.monotonic()
        (reply,) = ask(among(server, timeout=0.5), "slow-drip: trickle...")
    assert "no whole answer within 0.5 s" in str(reply.error)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("word", ["no-usage", "usage=-1", 'usage="1e999"', "cut-json ok"])
def test_work_without_token_counts_is_charged_at_its_worst_cost(word: str) -> None:
    with faulty() as server:
        (reply,) = ask(among(server, price=PRICE), f"untold: {word}")
    assert reply.dollars is not None
    assert reply.dollars >= PRICE.worst(request(f"untold: {word}"))


def test_an_answer_without_a_text_is_charged_by_its_tokens() -> None:
    with faulty() as server:
        (reply,) = ask(among(server, price=PRICE), "empty: empty-with-usage...")
    assert reply.error
    assert reply.dollars == pytest.approx(3 * (7 * 1.0 + 3 * 2.0) / 1e6)


def test_a_server_without_token_counts_cannot_exceed_the_budget() -> None:
    run_budget = Budget(10 * PRICE.worst(request("r000: no-usage")))
    replies: list[Reply] = []
    wanted = [request(f"r{i:03}: no-usage") for i in range(100)]
    with faulty() as server, pytest.raises(BudgetError):
        among(server, price=PRICE, run_budget=run_budget).ask(wanted, replies.append)
    assert 8 <= len(replies) <= 10


@pytest.mark.parametrize(("status", "fatal"), [("400", False), ("500", False), ("401", True)])
def test_a_key_that_a_server_echoes_is_shown_nowhere(status: str, fatal: bool) -> None:
    with faulty() as server:
        endpoint = Endpoint(server.url, "alpha", "sk-VERYSECRET")
        client = OpenAIClientPool((endpoint,), attempts=1)
        if fatal:
            with pytest.raises(ServerError) as raised:
                ask(client, f"echo-{status}: echo={status}...")
            message = str(raised.value)
        else:
            (reply,) = ask(client, f"echo-{status}: echo={status}...")
            message = str(reply.error)
    assert "you sent Bearer ***" in message
    assert "VERYSECRET" not in message


@pytest.mark.parametrize("word", ["half-a-character", "half-a-reason", "deep", "429=nan"])
def test_text_that_no_file_can_hold_is_made_well_formed(word: str) -> None:
    with faulty() as server:
        (reply,) = ask(among(server), f"strange: {word}")
    f"{reply.error} {reply.finish_reason}".encode()


def test_many_refused_at_once_raise_one_error_and_leave_no_warning(capfd: pytest.CaptureFixture[str]) -> None:
    with faulty() as server, pytest.raises(ServerError, match="wants an API key"):
        ask(among(server), *[f"r{i}: 401..." for i in range(8)])
    gc.collect()
    assert "never retrieved" not in capfd.readouterr().err


def test_cancelled_calls_are_reported_with_their_possible_cost() -> None:
    replies: list[Reply] = []
    run_budget = Budget()
    wanted = [request("slow-one: slow=8"), request("quick-one: ok")]
    with faulty() as server:
        endpoint = Endpoint(server.url, "alpha", lost=lambda: "the server is gone" if replies else "")
        client = OpenAIClientPool((endpoint,), price=PRICE, run_budget=run_budget)
        with pytest.raises(ServerError, match="the server is gone"):
            client.ask(wanted, replies.append)
    by_id = {reply.id: reply for reply in replies}
    assert "broken off" in str(by_id["slow-one"].error)
    assert by_id["slow-one"].dollars == PRICE.worst(wanted[0])
    assert run_budget.spent == pytest.approx(sum(reply.dollars or 0 for reply in replies))


def test_what_is_in_flight_when_a_key_is_refused_is_awaited() -> None:
    replies: list[Reply] = []
    run_budget = Budget()
    wanted = [request("slow-one: slow=4"), request("quick-one: ok"), request("then: 401...")]
    with faulty() as server, pytest.raises(ServerError, match="wants an API key"):
        among(server, price=PRICE, run_budget=run_budget).ask(wanted, replies.append)
    assert {reply.id: reply.error for reply in replies} == {"slow-one": None, "quick-one": None}
    assert run_budget.spent == pytest.approx(sum(reply.dollars or 0 for reply in replies))


def test_paid_attempts_of_a_row_that_waits_for_a_retry_are_reported_when_the_run_stops() -> None:
    replies: list[Reply] = []
    run_budget = Budget()
    paid_row = request("paid: cut-json...")
    with faulty() as server:
        client = among(server, concurrency=1, price=PRICE, run_budget=run_budget, backoff=30.0)
        with pytest.raises(ServerError, match="wants an API key"):
            client.ask([paid_row, request("refused: 401...")], replies.append)
    (paid,) = replies
    assert (paid.id, paid.error) == ("paid", "broken off, because the run ended")
    assert paid.dollars == run_budget.spent == pytest.approx(PRICE.worst(paid_row))


@pytest.mark.parametrize("refusals", ["401...", "422..."])
def test_a_row_that_was_paid_for_and_is_then_refused_is_reported_with_its_cost(refusals: str) -> None:
    replies: list[Reply] = []
    run_budget = Budget()
    rows = [request(f"paid{place}: cut-json {refusals}") for place in range(12)]
    with faulty() as server:
        client = among(server, concurrency=12, price=PRICE, run_budget=run_budget)
        with pytest.raises(ServerError):
            client.ask(rows, replies.append)
    assert run_budget.spent == pytest.approx(sum(reply.dollars or 0 for reply in replies))
    assert run_budget.spent == pytest.approx(sum(map(PRICE.worst, rows)))
    assert run_budget.reserved == 0


def test_an_interrupt_ends_the_ask_at_once_and_what_came_is_kept() -> None:
    class Interrupted(BaseException):
        """As Dagster raises it, from its signal handler."""

    def interrupt(*_: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    wanted = [request(f"r{i}: slow=0.2") for i in range(400)]
    replies: list[Reply] = []
    try:
        with faulty() as server:
            began = time.monotonic()
            signal.setitimer(signal.ITIMER_REAL, 0.7)
            with pytest.raises(Interrupted):
                among(server, concurrency=2).ask(wanted, replies.append)
            assert time.monotonic() - began < 3
            time.sleep(0.5)
            calls = sum(server.seen()["calls"].values())
    finally:
        signal.signal(signal.SIGALRM, before)
    assert 1 <= len(replies) <= calls <= 20


def test_a_long_wait_for_the_first_answer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scheduler, "QUIET_SECONDS", 0.3)
    lines: list[str] = []
    with faulty() as server:
        ask(among(server, log=lines.append), "late: slow=1.0", "later: slow=1.2")
    assert lines
    assert lines[0].startswith("2 requests in flight, no reply for ")
    assert lines[-1] > lines[0]


def test_an_endpoint_has_every_field_that_the_tests_change() -> None:
    assert set(Endpoint.__dataclass_fields__) >= ENDPOINT_FIELDS
